// Keeps a deployment's page as it is now: what was written, and everything else. Texts are set, never parsed;
// the story alone is markup, and that was made and escaped by the server.
"use strict";

const byId = (id) => document.getElementById(id);
const log = byId("log");
const output = byId("output");
const follow = byId("follow");
const standing = byId("standing");
const MOST_PIECES = 20000;
const LATER = 15000;
let position = log.dataset.from;
let attempt = position ? Number(position.split(":")[0]) : 0;

function showTimes(within) {
  const today = new Date().toDateString();
  for (const time of within.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    const parts = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
    if (at.toDateString() !== today) Object.assign(parts, { year: "numeric", month: "short", day: "numeric" });
    time.title = time.textContent;
    time.textContent = new Intl.DateTimeFormat(document.documentElement.lang, parts).format(at);
  }
}

const atEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < 40;
const toEnd = () => { log.scrollTop = log.scrollHeight; };

function piece(style, text) {
  if (!style) return document.createTextNode(text);
  const span = document.createElement("span");
  span.className = style;
  span.textContent = text;
  return span;
}

function write(told) {
  const stays = atEnd();
  if (told.attempt !== attempt && told.attempt > 1) {
    output.append(piece("attempt", log.dataset.attempt.replace("{attempt}", told.attempt) + "\n"));
  }
  attempt = told.attempt;
  output.append(...told.pieces.map(([style, text]) => piece(style, text)));
  byId("nothing").hidden = true;
  byId("whole").hidden = false;
  while (output.childNodes.length > MOST_PIECES) {
    output.firstChild.remove();
    byId("left-out").hidden = false;
  }
  if (stays) toEnd();
}

function tell(told) {
  const story = byId("story");
  story.innerHTML = told.html;
  showTimes(story);
  document.title = told.title;
  const icon = document.querySelector("link[rel=icon]");
  icon.href = icon.getAttribute("href").replace(/icon-[a-z]+/, "icon-" + told.tone);
}

function say(what) {
  standing.textContent = what ? standing.dataset[what] : "";
  standing.className = "standing " + (what || "");
}

function listen() {
  const events = new EventSource(log.dataset.events + "&from=" + position);
  events.addEventListener("open", () => say("live"));
  events.addEventListener("log", (event) => { position = event.lastEventId; write(JSON.parse(event.data)); });
  events.addEventListener("story", (event) => tell(JSON.parse(event.data)));
  events.addEventListener("end", () => { events.close(); say(""); });
  events.addEventListener("error", () => {
    say("lost");
    // Any answer but a stream ends an EventSource for good.
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, LATER);
  });
}

log.addEventListener("scroll", () => { follow.hidden = atEnd(); });
follow.addEventListener("click", () => { toEnd(); log.focus(); });
showTimes(document);
toEnd();
if (log.dataset.events) listen();
