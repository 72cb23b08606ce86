// The page: a column of places, the messages, and what is open beside them.

import { announce, h, replace } from "/static/dom.js";
import { blocks } from "/static/blocks.js";
import { composer } from "/static/composer.js";
import { inspector, loadFrames, refreshFrames, tools } from "/static/inspector.js";
import { editLast, markRead, timeline } from "/static/messages.js";
import { showModal } from "/static/modal.js";
import {
  appOfBot, ask, channel, channels, directs, follow, homeOf, isUnread, listen, loadMessages, loadPicture, loadViews, model, nameOf,
  otherOf, people, person, self,
} from "/static/model.js";
import { currentLanguage, setLanguage, word } from "/static/words.js";

const page = document.getElementById("page");
const parts = {};

async function start() {
  setLanguage(currentLanguage());
  const [, as, place] = /^#([^/]*)\/?(.*)$/.exec(decodeURIComponent(location.hash)) ?? [];
  await loadPicture();
  if (as) model.person = model.picture.people.find((one) => one.name === as || one.id === as)?.id ?? model.person;
  if (place) model.place = model.picture.channels.find((one) => one.name === place || one.id === place)?.id ?? model.place;
  parts.side = h("nav", { class: "side", "aria-label": word("channels") });
  parts.main = h("main", { class: "main" });
  parts.panel = h("aside", { class: "panel", hidden: true });
  replace(page, h("a", { class: "skip", href: "#composer", onclick: skip }, word("skip")), parts.side, parts.main, parts.panel);
  listen(onChange);
  await Promise.all([loadViews(), loadFrames(), loadMessages(model.place)]);
  drawAll();
  follow();
}

function skip(event) {
  event.preventDefault();
  document.querySelector('[data-composer="main"]')?.focus();
}

function onChange(what, news) {
  switch (what) {
    case "message":
    case "deleted":
      if (news.channel === model.place) drawMessages();
      drawSide();
      break;
    case "view":
    case "closed":
      showModal();
      drawHome();
      break;
    case "thread":
    case "editing":
      drawMessages();
      drawPanel();
      break;
    case "frame":
      if (model.panel === "inspector") refreshFrames();
      break;
    case "lost":
      announce(word("gone"));
      page.classList.add("lost");
      break;
    case "found":
      announce(word("connected"));
      page.classList.remove("lost");
      drawAll();
      break;
    case "workspace":
      drawSide();
      drawHead();
      break;
  }
}

function drawAll() {
  parts.side.setAttribute("aria-label", word("channels"));
  document.title = `${model.picture.team.name} · Playground`;
  drawSide();
  drawMain();
  drawPanel();
  showModal();
  localStorage.setItem("person", model.person);
  const place = channel(model.place);
  if (place) history.replaceState(null, "", `#${self()?.name}/${place.is_im ? place.id : place.name}`);
}

// The side

function drawSide() {
  const entry = (place, mark) => {
    const unread = isUnread(place) && place.id !== model.place;
    return h("li", {}, h("button", { type: "button", class: unread ? "unread" : "", "aria-current": place.id === model.place ? "page" : null, onclick: () => go(place.id) },
      h("span", { class: "mark", "aria-hidden": "true" }, mark), h("span", { class: "grow" }, nameOf(place)), unread && h("span", { class: "dot" }, h("span", { class: "visually-hidden" }, word("unread")))));
  };
  const apps = model.picture.apps.map((one) => h("li", {}, h("button", { type: "button", "aria-current": channel(model.place)?.is_im && otherOf(channel(model.place))?.id === one.bot_user ? "page" : null,
    onclick: () => goDirect(one.bot_user) }, h("span", { class: "mark", "aria-hidden": "true" }, "◆"), h("span", { class: "grow" }, one.name),
    h("span", { class: one.connections || !one.socket_mode ? "live" : "live off", title: `${one.connections} ${word("connections")}` }, h("span", { class: "visually-hidden" }, `${one.connections} ${word("connections")}`)))));
  const others = directs().filter((one) => !appOfBot(otherOf(one)?.id));
  const focused = parts.side.contains(document.activeElement) ? document.activeElement.dataset.focus : "";
  replace(
    parts.side,
    h("div", { class: "team" }, h("p", { class: "team-name" }, model.picture.team.name), h("button", { type: "button", class: "plain", lang: currentLanguage() === "en" ? "ja" : "en", onclick: otherLanguage }, word("language"))),
    h("label", { class: "act-as" }, h("span", {}, word("act_as")), h("select", { "data-focus": "person", onchange: (event) => become(event.target.value) },
      people().map((one) => h("option", { value: one.id, selected: one.id === model.person }, one.real_name + note(one))))),
    h("h2", {}, word("channels")),
    h("ul", {}, channels().map((one) => entry(one, one.is_private ? "🔒" : one.is_ext_shared ? "◇" : "#"))),
    h("h2", {}, word("apps")),
    h("ul", {}, apps),
    others.length > 0 && h("h2", {}, word("direct")),
    others.length > 0 && h("ul", {}, others.map((one) => entry(one, "●"))),
  );
  if (focused) parts.side.querySelector(`[data-focus="${focused}"]`)?.focus();
}

const note = (one) => (one.is_stranger ? ` (${word("stranger")})` : one.is_restricted || one.is_ultra_restricted ? ` (${word("guest")})` : one.title ? ` · ${one.title}` : "");

async function become(id) {
  model.person = id;
  model.messages.clear();
  model.thread = "";
  if (!channel(model.place)?.members.includes(id)) model.place = channels()[0]?.id ?? "";
  await Promise.all([loadViews(), model.place && loadMessages(model.place)]);
  drawAll();
}

function otherLanguage() {
  setLanguage(currentLanguage() === "en" ? "ja" : "en");
  drawAll();
}

async function go(id, tab = "messages") {
  model.place = id;
  model.tab = tab;
  model.thread = "";
  page.classList.remove("side-open");
  await loadMessages(id);
  drawAll();
  document.querySelector('[data-composer="main"]')?.focus();
}

async function goDirect(user) {
  const app = appOfBot(user);
  await ask("messages", { channel: `@${person(user).name}`, person: model.person }); // opens the conversation
  await loadPicture();
  const place = directs().find((one) => otherOf(one)?.id === user);
  await go(place.id, app?.home_tab ? "home" : "messages");
  if (app) await openTab(app, model.tab);
}

async function openTab(app, tab) {
  model.tab = tab;
  drawAll();
  const answer = await ask("open_home", { person: model.person, app: app.id, tab });
  if (answer.view) model.views.set(answer.view.id, { person: model.person, ...answer.view });
  drawHome();
}

// The middle

function drawMain() {
  const place = channel(model.place);
  const writes = document.activeElement?.dataset.composer === "main";
  parts.head = h("header", { class: "head" });
  parts.home = h("section", { class: "home", "aria-label": word("home"), hidden: true, tabindex: "0" });
  parts.log = h("div", { class: "log", role: "log", "aria-label": word("messages"), tabindex: "0" });
  parts.foot = h("div", { class: "foot", id: "composer" });
  replace(parts.main, parts.head, parts.home, parts.log, parts.foot);
  drawHead();
  if (!place) return;
  if (place.members.includes(model.person)) {
    replace(parts.foot, composer({ place, label: word("message_to", place.is_im ? nameOf(place) : `#${place.name}`) }));
    if (writes) parts.foot.querySelector("[data-composer]").focus();
  } else {
    const join = async () => {
      await ask("join", { person: model.person, channel: place.id });
      await loadPicture();
      drawAll();
    };
    replace(parts.foot, h("p", { class: "join" }, h("button", { type: "button", class: "primary", onclick: join }, `${word("join")} #${place.name}`)));
  }
  drawHome();
  drawMessages();
}

function drawHead() {
  const place = channel(model.place);
  if (!place || !parts.head) return;
  const app = place.is_im ? appOfBot(otherOf(place)?.id) : null;
  const toggle = (panel) => h("button", { type: "button", "aria-pressed": String(model.panel === panel), onclick: () => { model.panel = model.panel === panel ? "" : panel; model.thread = ""; drawHead(); drawPanel(); } }, word(panel));
  const tab = (name) => h("button", { type: "button", role: "tab", "aria-selected": String(model.tab === name), onclick: () => openTab(app, name) }, word(name));
  const about = [place.is_private && !place.is_im && word("private"), place.is_ext_shared && word("shared"), !place.is_im && `${place.members.length} ${word("members")}`, place.topic].filter(Boolean).join(" · ");
  replace(
    parts.head,
    h("button", { type: "button", class: "menu-button", "aria-label": word("menu"), onclick: () => page.classList.toggle("side-open") }, "☰"),
    h("div", { class: "grow" }, h("h1", {}, place.is_im ? nameOf(place) : `# ${place.name}`), about && h("p", { class: "quiet" }, about)),
    app?.home_tab && h("div", { role: "tablist", "aria-label": app.name, class: "tabs" }, tab("home"), tab("messages")),
    toggle("inspector"),
    toggle("tools"),
  );
}

function drawHome() {
  const place = channel(model.place);
  const app = place?.is_im ? appOfBot(otherOf(place)?.id) : null;
  const isHome = Boolean(app?.home_tab && model.tab === "home");
  if (!parts.home) return;
  parts.home.hidden = !isHome;
  parts.log.hidden = isHome;
  parts.foot.hidden = isHome;
  if (!isHome) return;
  const view = homeOf(app.id);
  replace(parts.home, view ? blocks(view.blocks, { view }) : h("p", { class: "quiet" }, word("home_empty")));
}

function drawMessages() {
  const place = channel(model.place);
  if (!place || !parts.log) return;
  refill(parts.log, () => timeline(place, ""));
  if (!parts.log.hidden) markRead(place);
  if (model.thread) drawThread();
}

// Fill a list again without losing the place, nor the focus.
function refill(list, make) {
  const wasAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
  const focused = list.contains(document.activeElement) ? document.activeElement : null;
  const ts = focused?.closest("[data-ts]")?.dataset.ts;
  const action = focused?.dataset.action;
  const typed = focused?.dataset.composer ? focused.value : null;
  const rows = make();
  replace(list, rows.length ? rows : h("p", { class: "quiet empty" }, word("empty")));
  if (ts) {
    const again = list.querySelector(`[data-ts="${ts}"]`);
    const target = (action && again?.querySelector(`[data-action="${CSS.escape(action)}"]`)) || again?.querySelector("[data-composer]") || again;
    if (typed !== null && target?.dataset.composer) target.value = typed;
    target?.focus();
  }
  if (wasAtEnd) list.scrollTop = list.scrollHeight;
}

// Beside

function drawPanel() {
  const place = channel(model.place);
  parts.panel.hidden = !(model.thread || model.panel);
  page.classList.toggle("with-panel", !parts.panel.hidden);
  if (parts.panel.hidden) return;
  const title = model.thread ? word("in_thread") : word(model.panel);
  const close = () => {
    model.thread = "";
    model.panel = "";
    drawHead();
    drawPanel();
  };
  parts.panel.setAttribute("aria-label", title);
  const head = h("header", { class: "head" }, h("h2", { class: "grow" }, title), h("button", { type: "button", class: "plain", "aria-label": word("close"), onclick: close }, "✕"));
  if (model.thread) {
    parts.thread = h("div", { class: "log", role: "log", "aria-label": word("in_thread"), tabindex: "0" });
    replace(parts.panel, head, parts.thread, h("div", { class: "foot" }, composer({ place, label: word("reply_to"), thread: model.thread })));
    drawThread();
  } else replace(parts.panel, head, h("div", { class: "panel-body", tabindex: "0", role: "region", "aria-label": title }, model.panel === "tools" ? tools(drawPanel) : inspector()));
}

function drawThread() {
  if (parts.thread?.isConnected) refill(parts.thread, () => timeline(channel(model.place), model.thread));
}

document.addEventListener("edit-last", (event) => editLast(channel(model.place), event.detail.thread));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
  page.classList.remove("side-open");
  for (const menu of document.querySelectorAll("details.overflow[open]")) menu.open = false;
});
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.overflow[open]")) if (!menu.contains(event.target)) menu.open = false;
});

start();
