// Slack's text as elements: entities, formatting, emoji, and the markdown of markdown blocks.

import { h } from "/static/dom.js";
import { model, person, channel } from "/static/model.js";
import { currentLanguage, word } from "/static/words.js";

export const EMOJI = {
  "+1": "👍", thumbsup: "👍", "-1": "👎", thumbsdown: "👎", tada: "🎉", rocket: "🚀", white_check_mark: "✅", heavy_check_mark: "✔️",
  x: "❌", eyes: "👀", fire: "🔥", heart: "❤️", grinning: "😀", joy: "😂", pray: "🙏", warning: "⚠️", lock: "🔒", unlock: "🔓",
  100: "💯", smile: "😄", cry: "😢", thinking_face: "🤔", clap: "👏", raised_hands: "🙌", hourglass: "⌛", hourglass_flowing_sand: "⏳",
  rewind: "⏪", leftwards_arrow_with_hook: "↩️", no_entry: "⛔", no_entry_sign: "🚫", octagonal_sign: "🛑", double_vertical_bar: "⏸️",
  pause_button: "⏸️", arrow_forward: "▶️", bell: "🔔", information_source: "ℹ️", question: "❓", exclamation: "❗", snowflake: "❄️",
  package: "📦", ship: "🚢", boat: "⛵", sailboat: "⛵", anchor: "⚓", wave: "👋", clock1: "🕐", calendar: "📅", memo: "📝", link: "🔗",
  mag: "🔍", gear: "⚙️", construction: "🚧", rotating_light: "🚨", large_green_circle: "🟢", large_yellow_circle: "🟡", red_circle: "🔴",
  large_blue_circle: "🔵", white_circle: "⚪", black_circle: "⚫", arrow_right: "➡️", arrows_counterclockwise: "🔄", repeat: "🔁", bust_in_silhouette: "👤",
  speech_balloon: "💬", sparkles: "✨", skull: "💀", bug: "🐛", zap: "⚡", stop_sign: "🛑", raised_hand: "✋", see_no_evil: "🙈", page_facing_up: "📄",
};

export const emoji = (name) => EMOJI[name.replace(/::skin-tone-\d$/, "")] ?? `:${name}:`;

const decode = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

const link = (url, label) =>
  /^(https?|mailto):/.test(url) ? h("a", { href: url, target: "_blank", rel: "noreferrer noopener" }, label) : label;

function entity(body) {
  const [target, label] = body.includes("|") ? [body.slice(0, body.indexOf("|")), decode(body.slice(body.indexOf("|") + 1))] : [body, ""];
  if (target.startsWith("@")) {
    const found = person(target.slice(1));
    const mine = target.slice(1) === model.person;
    return h("span", { class: mine ? "mention mine" : "mention" }, "@" + (found?.real_name ?? label ?? target.slice(1)));
  }
  if (target.startsWith("#")) return h("span", { class: "mention" }, "#" + (label || channel(target.slice(1))?.name || word("private")));
  if (target.startsWith("!date^")) return date(target.split("^"), label);
  if (target.startsWith("!subteam^")) {
    const group = model.picture.groups.find((one) => one.id === target.split("^")[1]);
    return h("span", { class: "mention" }, "@" + (group?.handle ?? label.replace(/^@/, "")));
  }
  if (target.startsWith("!")) return h("span", { class: "mention" }, label || "@" + target.slice(1));
  return link(decode(target), label || decode(target).replace(/^mailto:/, ""));
}

function date([, seconds, format, url], fallback) {
  const when = new Date(Number(seconds) * 1000);
  if (Number.isNaN(when.valueOf())) return fallback;
  const as = (options) => new Intl.DateTimeFormat(currentLanguage(), options).format(when);
  const text = format
    .replaceAll(/\{date(_pretty|_short_pretty|_long_pretty)?\}|\{date_(short|long|num)\}/g, () => as({ dateStyle: "medium" }))
    .replaceAll("{time_secs}", as({ timeStyle: "medium" }))
    .replaceAll("{time}", as({ timeStyle: "short" }))
    .replaceAll("{ago}", as({ dateStyle: "short", timeStyle: "short" }));
  return h("time", { datetime: when.toISOString(), title: fallback }, url ? link(url, text) : text);
}

// One pattern for what stands in a line; what is inside of a style is read again.
const INLINE = /<([^<>\n]+)>|`([^`\n]+)`|(?<![\w*])\*([^*\n]+)\*(?![\w*])|(?<![\w_])_([^_\n]+)_(?![\w_])|(?<![\w~])~([^~\n]+)~(?![\w~])|:([\w+'-]+(?:::skin-tone-\d)?):/g;

function inline(text) {
  const made = [];
  let start = 0;
  for (const match of text.matchAll(INLINE)) {
    made.push(decode(text.slice(start, match.index)));
    const [all, body, code, bold, italic, struck, name] = match;
    if (body !== undefined) made.push(entity(body));
    else if (code !== undefined) made.push(h("code", {}, codeText(code)));
    else if (bold !== undefined) made.push(h("strong", {}, inline(bold)));
    else if (italic !== undefined) made.push(h("em", {}, inline(italic)));
    else if (struck !== undefined) made.push(h("s", {}, inline(struck)));
    else made.push(EMOJI[name.replace(/::skin-tone-\d$/, "")] ? h("span", { role: "img", "aria-label": name, title: `:${name}:` }, emoji(name)) : all);
    start = match.index + all.length;
  }
  made.push(decode(text.slice(start)));
  return made;
}

const codeText = (text) => text.split(/(<[^<>\n]+>)/).map((part) => (/^<[^<>]+>$/.test(part) ? entity(part.slice(1, -1)) : decode(part)));

export function mrkdwn(text) {
  const made = [];
  for (const [index, part] of text.split("```").entries()) {
    if (index % 2) made.push(h("pre", { tabindex: "0" }, codeText(part.replace(/^\n/, ""))));
    else if (part) made.push(lines(part));
  }
  return made;
}

function lines(text) {
  const made = [];
  let quote = null;
  const all = text.split("\n");
  for (const [index, line] of all.entries()) {
    const quoted = /^(&gt;|>)\s?(.*)$/.exec(line);
    if (quoted) {
      if (!quote) made.push((quote = h("blockquote", {})));
      else quote.append(h("br"));
      quote.append(...inline(quoted[2]).flat(Infinity));
      continue;
    }
    quote = null;
    made.push(inline(line));
    if (index < all.length - 1) made.push(h("br"));
  }
  return made;
}

export const plain = (object) => (object.emoji === false ? [object.text] : object.text.split(/(:[\w+-]+:)/).map((part) => (EMOJI[part.slice(1, -1)] ? emoji(part.slice(1, -1)) : part)));
export const textObject = (object) => (object.type === "mrkdwn" ? mrkdwn(object.text) : plain(object));

export function richText(block) {
  return block.elements.map(richPart);
}

function richPart(part) {
  const inside = () => part.elements.map(richElement);
  switch (part.type) {
    case "rich_text_preformatted":
      return h("pre", { tabindex: "0" }, inside());
    case "rich_text_quote":
      return h("blockquote", {}, inside());
    case "rich_text_list":
      return h(part.style === "ordered" ? "ol" : "ul", {}, part.elements.map((one) => h("li", {}, one.elements.map(richElement))));
    default:
      return h("div", { class: "rich" }, inside());
  }
}

function richElement(one) {
  let made;
  switch (one.type) {
    case "user":
      made = entity(`@${one.user_id}`);
      break;
    case "channel":
      made = entity(`#${one.channel_id}`);
      break;
    case "usergroup":
      made = entity(`!subteam^${one.usergroup_id}`);
      break;
    case "broadcast":
      made = entity(`!${one.range}`);
      break;
    case "emoji":
      made = emoji(one.name);
      break;
    case "link":
      made = link(one.url, one.text ?? one.url);
      break;
    case "date":
      made = date(["", one.timestamp, one.format, one.url], one.fallback ?? "");
      break;
    case "color":
      made = h("code", {}, one.value);
      break;
    default:
      made = (one.text ?? "").split("\n").flatMap((line, index) => (index ? [h("br"), line] : [line]));
  }
  if (one.style?.code) made = h("code", {}, made);
  if (one.style?.bold) made = h("strong", {}, made);
  if (one.style?.italic) made = h("em", {}, made);
  if (one.style?.strike) made = h("s", {}, made);
  return made;
}

export function markdown(text) {
  const made = [];
  for (const part of text.split(/\n{2,}/)) {
    const heading = /^(#{1,6})\s+(.*)$/.exec(part);
    if (heading) made.push(h("p", { class: "heading" }, markdownLine(heading[2])));
    else if (/^\s*[-*]\s/.test(part)) made.push(h("ul", {}, part.split("\n").map((line) => h("li", {}, markdownLine(line.replace(/^\s*[-*]\s/, ""))))));
    else if (part.startsWith("```")) made.push(h("pre", { tabindex: "0" }, part.replace(/^```\w*\n?|```$/g, "")));
    else made.push(h("p", {}, part.split("\n").flatMap((line, index) => (index ? [h("br"), markdownLine(line)] : [markdownLine(line)]))));
  }
  return made;
}

function markdownLine(line) {
  const made = [];
  let start = 0;
  for (const match of line.matchAll(/\[([^\]]+)\]\(([^)\s]+)\)|`([^`]+)`|\*\*([^*]+)\*\*|_([^_]+)_/g)) {
    made.push(line.slice(start, match.index));
    const [all, label, url, code, bold, italic] = match;
    made.push(url ? link(url, label) : code ? h("code", {}, code) : bold ? h("strong", {}, bold) : h("em", {}, italic));
    start = match.index + all.length;
  }
  made.push(line.slice(start));
  return made;
}
