// What the page knows: the workspace's picture, messages by channel, open views; and how it asks and follows.

export const model = {
  picture: null,
  person: localStorage.getItem("person") || "",
  place: "", // a channel's id
  tab: "messages", // of an app's direct messages: home or messages
  thread: "", // the ts of the open thread
  panel: "", // inspector or tools
  messages: new Map(), // channel → ts → message
  views: new Map(), // id → view with its person
  entered: new Map(), // view id → block → action → value
  drafts: new Map(), // channel and thread → what is written there and not sent yet
  errors: new Map(), // view id → block → problem
  frames: [],
  sending: new Set(),
};

const listeners = new Set();

export function listen(listener) {
  listeners.add(listener);
}

export function changed(what, news) {
  for (const listener of listeners) listener(what, news);
}

export async function ask(name, fields = {}) {
  const response = await fetch(`/_control/${name}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(fields),
  });
  return await response.json();
}

export async function loadPicture() {
  model.picture = await ask("state");
  if (!person(model.person)) model.person = people()[0]?.id ?? "";
  if (!channel(model.place)) model.place = channels()[0]?.id ?? "";
}

export async function loadMessages(place) {
  const found = await ask("messages", { channel: place, person: model.person });
  if (!found.ok) return;
  model.messages.set(place, new Map(found.messages.map((one) => [one.ts, one])));
}

export async function loadViews() {
  const found = await ask("views", { person: model.person });
  model.views = new Map(found.views.map((one) => [one.id, one]));
}

export function follow() {
  const stream = new EventSource("/_control/events");
  let wasLost = false;
  stream.onerror = () => {
    wasLost = true;
    changed("lost", {});
  };
  stream.onopen = async () => {
    if (!wasLost) return;
    wasLost = false;
    await Promise.all([loadPicture(), loadViews(), model.place && loadMessages(model.place)]);
    changed("found", {});
  };
  const on = (what, take) =>
    stream.addEventListener(what, (event) => {
      const news = JSON.parse(event.data);
      take(news);
    });
  on("message", (news) => {
    model.messages.get(news.channel)?.set(news.ts, news);
    const place = channel(news.channel);
    if (place && !news.only_for && news.ts > place.latest) place.latest = news.ts;
    changed("message", news);
  });
  on("deleted", (news) => {
    model.messages.get(news.channel)?.delete(news.ts);
    changed("deleted", news);
  });
  on("view", (news) => {
    if (news.person !== model.person) return;
    model.views.delete(news.view.id); // the latest is on top
    if (news.view.previous_view_id === null && news.view.type === "modal") closeOthers(news.view);
    model.views.set(news.view.id, { person: news.person, ...news.view });
    changed("view", news);
  });
  on("closed", (news) => {
    for (const id of news.views) model.views.delete(id);
    changed("closed", news);
  });
  on("frame", (news) => {
    model.frames.push(news);
    if (model.frames.length > 500) model.frames.shift();
    changed("frame", news);
  });
  let waiting = 0;
  const again = () => {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      await loadPicture();
      changed("workspace", {});
    }, 50);
  };
  on("workspace", again);
  on("connections", again);
}

function closeOthers(view) {
  for (const one of [...model.views.values()])
    if (one.type === "modal" && one.app_id === view.app_id && one.root_view_id !== view.id) model.views.delete(one.id);
}

export const people = () => model.picture.people.filter((one) => !one.bot_id && !one.deleted);
export const person = (id) => model.picture.people.find((one) => one.id === id);
export const self = () => person(model.person);
export const app = (id) => model.picture.apps.find((one) => one.id === id);
export const appOfBot = (id) => model.picture.apps.find((one) => one.bot_user === id);
export const channel = (id) => model.picture.channels.find((one) => one.id === id);

export function channels() {
  return model.picture.channels.filter(
    (one) => !one.is_im && (one.members.includes(model.person) || (!one.is_private && !self()?.is_stranger && !self()?.is_restricted)),
  );
}

export const directs = () => model.picture.channels.filter((one) => one.is_im && one.members.includes(model.person));

export function otherOf(place) {
  return person(place.members.find((one) => one !== model.person) ?? model.person);
}

export function nameOf(place) {
  if (!place.is_im) return place.name;
  const other = otherOf(place);
  return appOfBot(other?.id)?.name ?? other?.real_name ?? place.id;
}

export const sees = (message) => (!message.only_for || message.only_for === model.person) && message.shown !== false;
export const isUnread = (place) => place.latest && place.latest > (place.read[model.person] ?? "");

export function authorOf(message) {
  const user = person(message.user);
  const by = message.bot_profile?.name ?? message.username ?? user?.real_name;
  if (message.user === "USLACKBOT") return { name: "Slackbot", isApp: true };
  const bot = model.picture.apps.find((one) => one.bot_id === message.bot_id);
  return { name: message.username || by || bot?.name || message.user, isApp: Boolean(message.bot_id), user };
}

export const modals = () => [...model.views.values()].filter((one) => one.type === "modal" && one.person === model.person);
export const homeOf = (id) => [...model.views.values()].find((one) => one.type === "home" && one.app_id === id && one.person === model.person);

// What has been entered in those elements that a view has now: it may be another one than a moment ago.
export function enteredIn(view) {
  const kept = {};
  for (const block of model.views.get(view.id)?.blocks ?? view.blocks) {
    const entered = model.entered.get(view.id)?.[block.block_id] ?? {};
    for (const one of [block.element, block.accessory, ...(block.elements ?? [])])
      if (one?.action_id in entered) (kept[block.block_id] ??= {})[one.action_id] = entered[one.action_id];
  }
  return kept;
}
