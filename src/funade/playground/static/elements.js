// What can be clicked, chosen or typed into; every act goes to the workspace as a person's.

import { announce, h, newId } from "/static/dom.js";
import { ask, changed, channels, enteredIn, model, people } from "/static/model.js";
import { chooser } from "/static/chooser.js";
import { plain, textObject } from "/static/text.js";
import { word } from "/static/words.js";

export function control(element, block, owner) {
  if (block.type !== "input") return make(element, block, owner, element.placeholder ? element.placeholder.text : element.action_id);
  const label = newId("label");
  const problem = owner.view && model.errors.get(owner.view.id)?.[block.block_id];
  const hint = newId("hint");
  const made = make(element, block, owner, null, { labelled: label, described: hint, problem });
  const isGroup = ["checkboxes", "radio_buttons"].includes(element.type);
  return h(
    "div",
    { class: problem ? "field wrong" : "field", ...(isGroup ? { role: "group", "aria-labelledby": label } : {}) },
    h("span", { class: "label", id: label }, plain(block.label), block.optional && h("span", { class: "quiet" }, ` (${word("optional")})`)),
    made,
    h("span", { class: problem ? "problem" : "quiet hint", id: hint }, problem ?? (block.hint ? plain(block.hint) : "")),
  );
}

// What has been entered, or what the workspace knows, or what the app wants at first.
function valueOf(element, block, owner) {
  const here = owner.view ? model.entered.get(owner.view.id)?.[block.block_id]?.[element.action_id] : undefined;
  if (here !== undefined) return here;
  const state = owner.view?.state.values[block.block_id]?.[element.action_id] ?? {};
  for (const name of ["selected_option", "selected_options", "value", "selected_date", "selected_time", "selected_date_time", "selected_user",
    "selected_users", "selected_channel", "selected_channels", "selected_conversation", "selected_conversations"])
    if (state[name] !== undefined && state[name] !== null) return state[name];
  return element.initial_option ?? element.initial_options ?? element.initial_value ?? element.initial_date ?? element.initial_time ??
    element.initial_date_time ?? element.initial_user ?? element.initial_users ?? element.initial_channel ?? element.initial_conversation ?? null;
}

async function enter(element, block, owner, value) {
  if (owner.view) {
    const values = model.entered.get(owner.view.id) ?? {};
    values[block.block_id] = { ...values[block.block_id], [element.action_id]: value };
    model.entered.set(owner.view.id, values);
  }
  if (block.type === "input" && !block.dispatch_action) return;
  await act(element, block, owner, value);
}

async function act(element, block, owner, value) {
  if (element.confirm && !(await confirmed(element.confirm))) {
    changed("workspace", {});
    return;
  }
  const where = owner.view ? { view_id: owner.view.id } : { channel: owner.channel, ts: owner.ts };
  if (owner.view) await ask("fill", { view_id: owner.view.id, values: enteredIn(owner.view) });
  const key = `${owner.ts ?? owner.view.id}/${element.action_id}`;
  model.sending.add(key);
  const answer = await ask("click", { person: model.person, action_id: element.action_id, block_id: block.block_id, value, ...where });
  model.sending.delete(key);
  if (!answer.ok) announce(answer.message ?? word("trouble"));
  changed("answered", { answer, owner });
}

function confirmed(question) {
  return new Promise((resolve) => {
    const title = newId("confirm");
    const answer = (yes) => () => {
      dialog.close();
      dialog.remove();
      resolve(yes);
    };
    const dialog = h(
      "dialog",
      { class: "confirm", "aria-labelledby": title, oncancel: answer(false) },
      h("h2", { id: title }, plain(question.title)),
      h("div", {}, textObject(question.text)),
      h(
        "div",
        { class: "buttons" },
        h("button", { type: "button", onclick: answer(false) }, question.deny ? plain(question.deny) : word("no")),
        h("button", { type: "button", class: question.style === "danger" ? "danger" : "primary", onclick: answer(true) }, question.confirm ? plain(question.confirm) : word("yes")),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
  });
}

function make(element, block, owner, name, { labelled, described, problem } = {}) {
  const value = valueOf(element, block, owner);
  const described_by = { "aria-labelledby": labelled, "aria-label": labelled ? null : name, "aria-describedby": described, "aria-invalid": problem ? "true" : null };
  const attributes = { ...described_by, "data-action": element.action_id };
  const set = (wanted) => enter(element, block, owner, wanted);
  switch (element.type) {
    case "button":
      return h(
        "button",
        {
          type: "button",
          class: element.style ?? "",
          "data-action": element.action_id,
          "aria-label": element.accessibility_label,
          onclick: () => {
            if (element.url) window.open(element.url, "_blank", "noreferrer,noopener");
            return act(element, block, owner, null);
          },
        },
        plain(element.text),
      );
    case "overflow":
      return overflow(element, block, owner);
    case "static_select":
      return select(element, value, attributes, set);
    case "radio_buttons":
    case "checkboxes":
      return choices(element, value, set, labelled ? {} : { role: "group", "aria-label": name });
    case "external_select":
    case "multi_external_select":
    case "multi_static_select":
    case "users_select":
    case "multi_users_select":
    case "channels_select":
    case "multi_channels_select":
    case "conversations_select":
    case "multi_conversations_select":
      return chooser({ element, value, attributes, set, find: (typed) => find(element, block, owner, typed) });
    default:
      return input(element, value, attributes, set, owner);
  }
}

// What can be chosen after `typed`: the app is asked, or the workspace knows.
async function find(element, block, owner, typed) {
  const fits = (text) => text.toLowerCase().includes(typed.toLowerCase());
  const option = (text, value) => ({ text: { type: "plain_text", text }, value, simple: value });
  if (element.type.endsWith("users_select")) return [{ options: people().filter((one) => fits(one.real_name)).map((one) => option(one.real_name, one.id)) }];
  if (/(channels|conversations)_select$/.test(element.type)) return [{ options: channels().filter((one) => fits(one.name)).map((one) => option(`#${one.name}`, one.id)) }];
  if (element.type === "multi_static_select") {
    const groups = element.option_groups ?? [{ options: element.options }];
    return groups.map((one) => ({ label: one.label, options: one.options.filter((each) => fits(each.text.text)) }));
  }
  const where = owner.view ? { view_id: owner.view.id } : { channel: owner.channel, ts: owner.ts };
  if (owner.view) await ask("fill", { view_id: owner.view.id, values: enteredIn(owner.view) });
  const answer = await ask("suggest", { person: model.person, action_id: element.action_id, block_id: block.block_id, value: typed, ...where });
  return answer.option_groups ?? [{ options: answer.options ?? [] }];
}

function select(element, value, attributes, set) {
  const one = (each) => h("option", { value: each.value, selected: value?.value === each.value }, plain(each.text));
  const inside = element.options?.map(one) ?? element.option_groups.map((group) => h("optgroup", { label: group.label.text }, group.options.map(one)));
  return h(
    "select",
    { ...attributes, onchange: (event) => set(event.target.value || null) },
    h("option", { value: "", selected: !value }, element.placeholder?.text ?? word("choose")),
    inside,
  );
}

function choices(element, value, set, attributes) {
  const isMany = element.type === "checkboxes";
  const name = newId("choice");
  const chosen = new Set((isMany ? value ?? [] : value ? [value] : []).map((one) => one.value ?? one));
  const pick = (each) => (event) => {
    if (!isMany) return set(each.value);
    if (event.target.checked) chosen.add(each.value);
    else chosen.delete(each.value);
    return set([...chosen]);
  };
  return h(
    "div",
    { class: "choices", ...attributes },
    element.options.map((each) =>
      h(
        "label",
        {},
        h("input", { type: isMany ? "checkbox" : "radio", name, checked: chosen.has(each.value), onchange: pick(each), "data-action": element.action_id }),
        h("span", {}, textObject(each.text), each.description && h("span", { class: "quiet" }, textObject(each.description))),
      ),
    ),
  );
}

function overflow(element, block, owner) {
  const menu = h("details", { class: "overflow" });
  menu.append(
    h("summary", { "aria-label": word("more"), "data-action": element.action_id }, "⋯"),
    h(
      "div",
      { class: "menu" },
      element.options.map((one) =>
        h("button", { type: "button", onclick: () => { menu.open = false; return act(element, block, owner, one.value); } }, textObject(one.text)),
      ),
    ),
  );
  return menu;
}

const KINDS = { datepicker: "date", timepicker: "time", datetimepicker: "datetime-local", email_text_input: "email", url_text_input: "url", number_input: "text" };

function input(element, value, attributes, set, owner) {
  const isLong = element.multiline || element.type === "rich_text_input";
  const isMoment = element.type === "datetimepicker";
  const common = {
    ...attributes,
    placeholder: element.placeholder?.text,
    autofocus: element.focus_on_load && owner.view ? true : null,
    value: isMoment && value ? local(value) : typeof value === "string" ? value : "",
    oninput: (event) => set(isMoment ? Math.floor(new Date(event.target.value).valueOf() / 1000) || null : event.target.value || null),
  };
  if (isLong) return h("textarea", { ...common, rows: "4" });
  return h("input", { ...common, type: KINDS[element.type] ?? "text", inputmode: element.type === "number_input" ? "decimal" : null });
}

function local(seconds) {
  const when = new Date(seconds * 1000);
  return new Date(when - when.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}
