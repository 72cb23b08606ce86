// Messages as rows, in a channel or in a thread, with what can be done to each.

import { announce, h } from "/static/dom.js";
import { blocks } from "/static/blocks.js";
import { composer, typedAgain } from "/static/composer.js";
import { ask, authorOf, changed, channel, model, sees } from "/static/model.js";
import { emoji, mrkdwn } from "/static/text.js";
import { currentLanguage, word } from "/static/words.js";

const QUICK = ["white_check_mark", "eyes", "+1", "tada"];
let editing = "";

export function timeline(place, thread) {
  const all = [...(model.messages.get(place.id)?.values() ?? [])].filter(sees).sort((one, other) => (one.ts < other.ts ? -1 : 1));
  const shown = thread
    ? all.filter((one) => one.ts === thread || one.thread_ts === thread)
    : all.filter((one) => !one.thread_ts || one.thread_ts === one.ts || one.subtype === "thread_broadcast");
  const replies = new Map();
  for (const one of all) if (one.thread_ts && one.thread_ts !== one.ts) replies.set(one.thread_ts, [...(replies.get(one.thread_ts) ?? []), one]);
  const rows = [];
  let day = "";
  for (const one of shown) {
    const its = dayOf(one.ts);
    if (its !== day) rows.push(h("div", { class: "day" }, h("span", {}, its)));
    day = its;
    rows.push(row(place, one, thread ? [] : replies.get(one.ts) ?? [], thread));
  }
  return rows;
}

const when = (ts) => new Date(Number(ts) * 1000);

function dayOf(ts) {
  const date = when(ts);
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(date).setHours(0, 0, 0, 0)) / 86400000);
  if (days === 0) return word("today");
  if (days === 1) return word("yesterday");
  return new Intl.DateTimeFormat(currentLanguage(), { dateStyle: "long" }).format(date);
}

function row(place, message, replies, thread) {
  const author = authorOf(message);
  const time = new Intl.DateTimeFormat(currentLanguage(), { timeStyle: "short" }).format(when(message.ts));
  const isDeleted = message.subtype === "tombstone";
  const owner = { channel: place.id, ts: message.ts };
  const isEditing = editing === message.ts;
  return h(
    "article",
    { class: `message${message.only_for ? " private" : ""}`, "data-ts": message.ts, "aria-label": `${author.name}, ${time}`, tabindex: "-1" },
    avatar(author, message),
    h(
      "div",
      { class: "message-body" },
      message.only_for && h("p", { class: "quiet only-you" }, "👁 ", word("only_you")),
      h(
        "p",
        { class: "by" },
        h("strong", {}, author.name),
        author.isApp && h("span", { class: "badge" }, word("app")),
        author.user?.is_stranger && h("span", { class: "badge" }, word("stranger")),
        (author.user?.is_restricted || author.user?.is_ultra_restricted) && h("span", { class: "badge" }, word("guest")),
        h("time", { class: "quiet", datetime: when(message.ts).toISOString() }, time),
      ),
      isDeleted && h("p", { class: "quiet" }, word("deleted_message")),
      !isDeleted && !isEditing && content(message, owner),
      isEditing && composer({ place, label: word("edit"), editing: { ts: message.ts, plain: typedAgain(message) }, done: () => edit("") }),
      reactions(place, message),
      replies.length > 0 &&
        h("button", { type: "button", class: "replies", onclick: () => open(message.ts) },
          replies.length === 1 ? word("one_reply") : word("open_thread", replies.length)),
      message.subtype === "thread_broadcast" && !thread && h("button", { type: "button", class: "replies", onclick: () => open(message.thread_ts) }, word("in_thread")),
    ),
    !message.only_for && !isDeleted && tools(place, message),
  );
}

function content(message, owner) {
  const isRich = message.blocks?.length > 0;
  return h(
    "div",
    { class: "text" },
    isRich ? blocks(message.blocks, owner) : message.text && h("div", {}, mrkdwn(message.text)),
    message.edited && h("span", { class: "quiet" }, " ", word("edited")),
    message.attachments?.map((one) =>
      h("div", { class: "attachment" }, one.pretext && mrkdwn(one.pretext), one.title && h("p", {}, h("strong", {}, one.title)),
        one.text && h("div", {}, mrkdwn(one.text)), one.blocks && blocks(one.blocks, owner),
        one.fields?.map((field) => h("p", {}, h("strong", {}, field.title), " ", field.value)))),
    message.files?.map((one) => h("p", { class: "attachment" }, "📄 ", one.title)),
  );
}

function avatar(author, message) {
  const letters = author.name.split(/\s+/).map((one) => one[0]).slice(0, 2).join("");
  const sum = [...author.name].reduce((all, one) => all + one.codePointAt(0), 0);
  const icon = message.icons?.emoji ? emoji(message.icons.emoji.replaceAll(":", "")) : letters;
  return h("span", { class: `avatar c${sum % 6}${author.isApp ? " app" : ""}`, "aria-hidden": "true" }, icon);
}

function reactions(place, message) {
  if (!message.reactions?.length) return null;
  return h("div", { class: "reactions" }, message.reactions.map((one) => {
    const mine = one.users.includes(model.person);
    return h("button", { type: "button", "aria-pressed": String(mine), "aria-label": `${one.name} ${one.count}`, onclick: () => react(place, message, one.name, !mine) }, emoji(one.name), " ", one.count);
  }));
}

function tools(place, message) {
  const mine = message.user === model.person && !message.bot_id;
  const shortcuts = model.picture.apps.flatMap((app) => app.shortcuts.filter((one) => one.kind === "message").map((one) => ({ ...one, app })));
  const menu = h("details", { class: "overflow" });
  const act = (what) => () => { menu.open = false; return what(); };
  const items = [
    ...shortcuts.map((one) => h("button", { type: "button", onclick: act(() => choose(place, message, one)) }, `${one.name} · ${one.app.name}`)),
    mine && h("button", { type: "button", onclick: act(() => edit(message.ts)) }, word("edit")),
    mine && h("button", { type: "button", class: "danger-text", onclick: act(() => remove(place, message)) }, word("delete")),
  ].filter(Boolean);
  menu.append(h("summary", { "aria-label": word("more") }, "⋯"), h("div", { class: "menu" }, items));
  return h(
    "div",
    { class: "tools", role: "group", "aria-label": word("actions") },
    QUICK.map((name) => h("button", { type: "button", "aria-label": `${word("add_reaction")}: ${name}`, onclick: () => react(place, message, name, true) }, emoji(name))),
    h("button", { type: "button", "aria-label": word("reply"), title: word("reply"), onclick: () => open(message.thread_ts ?? message.ts) }, "💬"),
    items.length > 0 && menu,
  );
}

export function edit(ts) {
  editing = ts;
  changed("editing", {});
  if (ts) document.querySelector('[data-composer="edit"]')?.focus();
}

export function editLast(place, thread) {
  const mine = [...(model.messages.get(place.id)?.values() ?? [])].filter((one) => one.user === model.person && !one.bot_id && (thread ? one.thread_ts === thread : true));
  if (mine.length) edit(mine.at(-1).ts);
}

function open(ts) {
  model.thread = ts;
  model.panel = "";
  changed("thread", {});
  document.querySelector('[data-composer="thread"]')?.focus();
}

async function react(place, message, name, add) {
  await ask("react", { person: model.person, channel: place.id, ts: message.ts, name, add });
}

async function remove(place, message) {
  if (window.confirm(word("delete_sure"))) await ask("delete", { person: model.person, channel: place.id, ts: message.ts });
}

async function choose(place, message, shortcut) {
  const answer = await ask("shortcut", { person: model.person, callback_id: shortcut.callback_id, app: shortcut.app.id, channel: place.id, ts: message.ts });
  if (!answer.ok) announce(answer.message ?? word("trouble"));
}

export const markRead = async (place) => {
  const latest = channel(place.id)?.latest;
  if (!latest || place.read[model.person] === latest) return;
  place.read[model.person] = latest;
  await ask("read", { person: model.person, channel: place.id });
};
