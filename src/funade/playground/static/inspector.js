// Every frame that went over a wire, and the tools that bend the workspace's rules.

import { announce, h, replace } from "/static/dom.js";
import { ask, loadPicture, model } from "/static/model.js";
import { currentLanguage, word } from "/static/words.js";

const SHOWN = 200;
let filter = "";
const opened = new Set();

export async function loadFrames() {
  const found = await ask("frames");
  model.frames = found.frames.slice(-500);
}

export function inspector() {
  const list = h("ol", { class: "frames" });
  const fill = () => replace(list, frames().map(frame));
  const box = h("input", { type: "search", "aria-label": word("filter"), placeholder: word("filter"), value: filter,
    oninput: (event) => { filter = event.target.value; fill(); } });
  fill();
  return h("div", { class: "inspector" }, h("p", { class: "quiet" }, connections()), box, list);
}

export function refreshFrames() {
  const list = document.querySelector(".frames");
  if (!list) return;
  const known = Number(list.firstChild?.dataset.number ?? 0);
  for (const one of frames().filter((each) => each.number > known).reverse()) list.prepend(frame(one));
  while (list.children.length > SHOWN) list.lastChild.remove();
}

const connections = () => {
  const open = model.picture.apps.map((one) => `${one.name}: ${one.connections}`).join(", ");
  return `${open} ${word("connections")}`;
};

const frames = () => {
  const wanted = filter.toLowerCase();
  return model.frames.filter((one) => !wanted || `${one.wire} ${one.name} ${one.note} ${JSON.stringify(one.body)}`.toLowerCase().includes(wanted)).slice(-SHOWN).reverse();
};

function frame(one) {
  const isOut = one.direction === "to app";
  const time = new Intl.DateTimeFormat(currentLanguage(), { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hour12: false }).format(new Date(one.at * 1000));
  const details = h(
    "details",
    { open: opened.has(one.number), ontoggle: (event) => { if (event.target.open) { opened.add(one.number); body(); } else opened.delete(one.number); } },
    h(
      "summary",
      {},
      h("span", { class: isOut ? "arrow out" : "arrow in", title: isOut ? word("to_app") : word("from_app"), role: "img", "aria-label": isOut ? word("to_app") : word("from_app") }, isOut ? "→" : "←"),
      h("span", { class: "wire" }, one.wire),
      h("strong", {}, label(one)),
      one.note && h("span", { class: "note" }, one.note),
      h("time", { class: "quiet" }, time),
    ),
  );
  const body = () => {
    if (details.children.length < 2) details.append(h("pre", { tabindex: "0" }, JSON.stringify(one.body, null, 2)));
  };
  if (opened.has(one.number)) body();
  return h("li", { "data-number": one.number }, details);
}

function label(one) {
  if (one.name === "events_api") return `events_api · ${one.body.payload?.event?.type ?? ""}`;
  if (one.name === "interactive") return `interactive · ${one.body.payload?.type ?? ""}`;
  if (one.name === "slash_commands") return one.body.payload?.command ?? one.name;
  return one.name;
}

export function tools(redraw) {
  const act = (name, fields) => async () => {
    const answer = await ask(name, fields);
    announce(answer.ok ? word("sent") : answer.message);
    await loadPicture();
    redraw();
  };
  const turn = (name) => async (event) => {
    const now = model.picture.switches[name];
    const value = typeof now === "boolean" ? event.target.checked : Array.isArray(now) ? event.target.value.split(/[\s,]+/).filter(Boolean).map((one) => (Number.isNaN(Number(one)) ? one : Number(one)))
      : typeof now === "number" ? Number(event.target.value) : event.target.value;
    await act("switch", { switches: { [name]: value } })();
  };
  return h(
    "div",
    { class: "tool-list" },
    h("h3", {}, word("disconnect")),
    h("div", { class: "actions" },
      h("button", { type: "button", onclick: act("disconnect", { reason: "refresh_requested" }) }, word("refresh")),
      h("button", { type: "button", onclick: act("cut", { how: "abort" }) }, word("cut"))),
    h("h3", {}, word("advance")),
    h("div", { class: "actions" }, [["10 s", 10], ["5 min", 300], ["1 h", 3600]].map(([text, seconds]) => h("button", { type: "button", onclick: act("advance", { seconds }) }, text))),
    h("h3", {}, word("secrets")),
    model.picture.apps.map((one) => h("dl", { class: "secrets" }, h("dt", {}, one.name), [["SLACK_API_URL", `${model.picture.address}/api/`], ["SLACK_BOT_TOKEN", one.bot_token], ["SLACK_APP_TOKEN", one.app_token], ["SLACK_SIGNING_SECRET", one.signing_secret]]
      .map(([name, value]) => h("dd", {}, h("code", { tabindex: "0" }, `${name}=${value}`))))),
    h("h3", {}, word("switches")),
    Object.entries(model.picture.switches).map(([name, value]) => h("label", { class: "switch" },
      h("span", {}, name),
      typeof value === "boolean" ? h("input", { type: "checkbox", checked: value, onchange: turn(name) }) : h("input", { type: "text", value: String(value), onchange: turn(name) }))),
  );
}
