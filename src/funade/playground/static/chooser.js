// A select that one types into: an ARIA combobox with a list below, for one choice or for several.

import { h, newId, replace } from "/static/dom.js";
import { plain } from "/static/text.js";
import { word } from "/static/words.js";

const PAUSE = 120; // ms without a key before the app is asked

export function chooser({ element, value, attributes, set, find }) {
  const isMany = element.type.startsWith("multi_");
  const list = h("div", { role: "listbox", id: newId("list"), class: "options", hidden: true, "aria-label": word("suggestions") });
  const chips = h("div", { class: "chips" });
  const typed = h("input", {
    ...attributes, type: "text", role: "combobox", autocomplete: "off", "aria-expanded": "false", "aria-controls": list.id,
    "aria-autocomplete": "list", placeholder: element.placeholder?.text ?? word("type_more"),
  });
  let chosen = isMany ? [...(value ?? [])] : value;
  let active = -1;
  let asked = 0;
  let timer = 0;

  const shown = (one) => (typeof one === "string" ? one : one.text.text);
  const wire = (one) => one.simple ?? { text: one.text, value: one.value };
  if (!isMany && chosen) typed.value = shown(chosen);

  function showChips() {
    replace(chips, isMany ? chosen.map((one) => h("button", { type: "button", class: "chip", "aria-label": `${word("clear")}: ${shown(one)}`,
      onclick: () => { chosen = chosen.filter((each) => each !== one); showChips(); set(chosen.map((each) => (typeof each === "string" ? each : wire(each)))); } }, shown(one), " ×")) : []);
  }

  function close() {
    list.hidden = true;
    active = -1;
    typed.setAttribute("aria-expanded", "false");
    typed.removeAttribute("aria-activedescendant");
  }

  function pick(option) {
    if (isMany) {
      if (!chosen.some((one) => (one.value ?? one) === option.value)) chosen = [...chosen, option];
      typed.value = "";
      showChips();
      set(chosen.map((one) => (typeof one === "string" ? one : wire(one))));
    } else {
      chosen = option;
      typed.value = shown(option);
      set(wire(option));
    }
    close();
  }

  async function look() {
    const number = ++asked;
    if (typed.value.length < (element.min_query_length ?? (element.type.includes("external") ? 3 : 0))) return close();
    const groups = await find(isMany || !chosen || typed.value !== shown(chosen) ? typed.value : "");
    if (number !== asked || !typed.isConnected) return;
    active = -1;
    const rows = groups.filter((group) => group.options.length).map((group) => {
      const label = group.label && h("div", { class: "group", id: newId("group") }, plain(group.label));
      return h("div", group.label ? { role: "group", "aria-labelledby": label.id } : { role: "presentation" }, label, group.options.map((one) =>
        h("div", { role: "option", id: newId("option"), "aria-selected": "false", onmousedown: (event) => { event.preventDefault(); pick(one); } },
          plain(one.text), one.description && h("span", { class: "quiet" }, plain(one.description)))));
    });
    options = groups.flatMap((group) => group.options);
    replace(list, rows.length ? rows : h("div", { role: "option", "aria-disabled": "true", "aria-selected": "false", class: "quiet" }, word("no_matches")));
    list.hidden = false;
    typed.setAttribute("aria-expanded", "true");
  }

  let options = [];

  function move(step) {
    const rows = [...list.querySelectorAll('[role="option"]:not([aria-disabled])')];
    if (!rows.length) return;
    rows[active]?.setAttribute("aria-selected", "false");
    active = (active + step + rows.length) % rows.length;
    rows[active].setAttribute("aria-selected", "true");
    rows[active].scrollIntoView({ block: "nearest" });
    typed.setAttribute("aria-activedescendant", rows[active].id);
  }

  typed.addEventListener("input", () => {
    clearTimeout(timer);
    if (!typed.value && !isMany && chosen) {
      chosen = null;
      set(null);
    }
    timer = setTimeout(look, PAUSE);
  });
  typed.addEventListener("focus", () => {
    if (!isMany) typed.select();
    if (!typed.dataset.quiet) look();
    delete typed.dataset.quiet;
  });
  typed.addEventListener("blur", () => { close(); if (!isMany) typed.value = chosen ? shown(chosen) : ""; });
  typed.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) look();
      else move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter" && !list.hidden) {
      event.preventDefault();
      if (options.length) pick(options[Math.max(active, 0)]);
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  });
  showChips();
  return h("div", { class: "chooser" }, chips, typed, list);
}
