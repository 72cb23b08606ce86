// Where one writes: names, channels and commands are completed, Enter sends, the arrow up edits.

import { announce, h, newId, replace } from "/static/dom.js";
import { ask, channels, model, person, self } from "/static/model.js";
import { word } from "/static/words.js";

const MOST = 8;

export function composer({ place, label, thread = "", editing = null, done = () => {} }) {
  const list = h("div", { role: "listbox", id: newId("complete"), class: "options above", hidden: true, "aria-label": word("suggestions") });
  const draft = `${place.id}/${thread}`;
  const box = h("textarea", {
    rows: "1", "aria-label": label, placeholder: label, "aria-autocomplete": "list", "aria-controls": list.id, spellcheck: "true",
    value: editing ? editing.plain : model.drafts.get(draft) ?? "", "data-composer": editing ? "edit" : thread ? "thread" : "main",
  });
  const also = thread && !editing ? h("input", { type: "checkbox" }) : null;
  let found = [];
  let active = 0;

  const word_ = () => /(?:^|\s)([@#/][^\s]*)$/.exec(box.value.slice(0, box.selectionStart))?.[1] ?? "";

  function candidates(typed) {
    const [sign, rest] = [typed[0], typed.slice(1).toLowerCase()];
    const fits = (name) => name.toLowerCase().includes(rest);
    if (sign === "@") {
      const all = model.picture.people.filter((one) => !one.deleted && (fits(one.name) || fits(one.real_name)));
      all.sort((one, other) => Number(Boolean(other.bot_id)) - Number(Boolean(one.bot_id)));
      const groups = model.picture.groups.filter((one) => fits(one.handle));
      return [...all.map((one) => [`@${one.name}`, one.real_name]), ...groups.map((one) => [`@${one.handle}`, one.name])];
    }
    if (sign === "#") return channels().filter((one) => fits(one.name)).map((one) => [`#${one.name}`, one.topic]);
    if (box.value.trim() !== typed || thread) return [];
    return model.picture.apps.flatMap((app) => app.commands.filter((one) => fits(one.name.slice(1)))
      .map((one) => [one.name, [one.usage_hint, one.description, app.name].filter(Boolean).join(" · ")]));
  }

  function complete() {
    const typed = word_();
    found = typed ? candidates(typed).filter(([name]) => name !== typed).slice(0, MOST) : [];
    active = 0;
    list.hidden = !found.length;
    replace(list, found.map(([name, note], index) => h("div",
      { role: "option", id: `${list.id}-${index}`, "aria-selected": String(index === active), onmousedown: (event) => { event.preventDefault(); take(index); } },
      h("strong", {}, name), note && h("span", { class: "quiet" }, note))));
    point();
  }

  function point() {
    [...list.children].forEach((one, index) => one.setAttribute("aria-selected", String(index === active)));
    if (found.length) box.setAttribute("aria-activedescendant", `${list.id}-${active}`);
    else box.removeAttribute("aria-activedescendant");
  }

  function take(index) {
    const typed = word_();
    const end = box.selectionStart;
    box.setRangeText(`${found[index][0]} `, end - typed.length, end, "end");
    if (!editing) model.drafts.set(draft, box.value);
    complete();
    grow();
  }

  function grow() {
    box.style.height = "auto";
    box.style.height = `${Math.min(box.scrollHeight, 240)}px`;
  }

  async function send() {
    const text = box.value.trim();
    if (!text || box.readOnly) return;
    box.readOnly = true;
    let answer;
    if (editing) answer = await ask("edit", { person: model.person, channel: place.id, ts: editing.ts, text });
    else answer = await ask("say", { person: model.person, channel: place.id, text, thread_ts: thread, broadcast: Boolean(also?.checked) });
    box.readOnly = false;
    if (answer.ok) {
      box.value = "";
      if (!editing) model.drafts.delete(draft);
      announce(word("sent"));
      done();
    } else {
      // As in Slack, a command that failed stays in the box.
      announce(answer.message ?? answer.error);
    }
    complete();
    grow();
    box.focus();
  }

  box.addEventListener("input", () => {
    if (!editing) model.drafts.set(draft, box.value);
    complete();
    grow();
  });
  box.addEventListener("blur", () => { list.hidden = true; });
  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (!list.hidden && found.length) {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) {
        event.preventDefault();
        active = (active + step + found.length) % found.length;
        point();
        return;
      }
      if (event.key === "Tab" || (event.key === "Enter" && word_() !== "")) {
        event.preventDefault();
        take(active);
        return;
      }
      if (event.key === "Escape") {
        event.stopPropagation();
        list.hidden = true;
        return;
      }
    }
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    } else if (event.key === "Escape" && editing) {
      event.stopPropagation();
      done();
    } else if (event.key === "ArrowUp" && !box.value && !editing) {
      box.dispatchEvent(new CustomEvent("edit-last", { bubbles: true, detail: { thread } }));
    }
  });
  const handle = self()?.name;
  return h(
    "div",
    { class: "composer" },
    list,
    box,
    h(
      "div",
      { class: "composer-foot" },
      also && h("label", {}, also, " ", word("and_send")),
      !editing && !thread && shortcuts(),
      h("span", { class: "quiet grow" }, handle ? `${word("act_as")} @${handle}` : ""),
      editing && h("button", { type: "button", onclick: done }, word("cancel")),
      h("button", { type: "button", class: "primary", onclick: send }, editing ? word("save") : word("send")),
    ),
  );
}

function shortcuts() {
  const all = model.picture.apps.flatMap((app) => app.shortcuts.filter((one) => one.kind === "global").map((one) => ({ ...one, app })));
  if (!all.length) return null;
  const menu = h("details", { class: "overflow up" });
  menu.append(
    h("summary", { "aria-label": word("shortcuts") }, "⚡"),
    h("div", { class: "menu" }, all.map((one) => h("button", { type: "button", onclick: async () => {
      menu.open = false;
      const answer = await ask("shortcut", { person: model.person, callback_id: one.callback_id, app: one.app.id });
      if (!answer.ok) announce(answer.message ?? word("trouble"));
    } }, `${one.name} · ${one.app.name}`))),
  );
  return menu;
}

// The words of a message as its author would type them again.
export function typedAgain(message) {
  return message.text
    .replace(/<@(\w+)(\|[^>]*)?>/g, (all, id) => `@${person(id)?.name ?? id}`)
    .replace(/<#\w+\|([^>]*)>/g, "#$1")
    .replace(/<!subteam\^\w+\|([^>]*)>/g, "$1")
    .replace(/<!(\w+)>/g, "@$1")
    .replace(/<(?:[^|<>]*)\|([^<>]*)>/g, "$1")
    .replace(/<([^<>]*)>/g, "$1")
    .replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
