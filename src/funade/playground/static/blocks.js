// Block Kit as elements. `owner` says where a block stands: {channel, ts} or {view}.

import { h } from "/static/dom.js";
import { control } from "/static/elements.js";
import { markdown, plain, richText, textObject } from "/static/text.js";

export function blocks(list, owner) {
  return list.map((block) => h("div", { class: `block block-${block.type}`, "data-block": block.block_id }, content(block, owner)));
}

function content(block, owner) {
  switch (block.type) {
    case "section":
      return [
        h(
          "div",
          { class: "section-text" },
          block.text && h("div", {}, textObject(block.text)),
          block.fields && h("div", { class: "fields" }, block.fields.map((one) => h("div", {}, textObject(one)))),
        ),
        block.accessory && h("div", { class: "accessory" }, block.accessory.type === "image" ? image(block.accessory) : control(block.accessory, block, owner)),
      ];
    case "header":
      return h("p", { class: "block-heading" }, plain(block.text));
    case "divider":
      return h("hr");
    case "context":
      return h("div", { class: "context" }, block.elements.map((one) => (one.type === "image" ? image(one) : h("span", {}, textObject(one)))));
    case "actions":
      return h("div", { class: "actions" }, block.elements.map((one) => control(one, block, owner)));
    case "image":
      return h("figure", {}, block.title && h("figcaption", {}, plain(block.title)), image(block));
    case "rich_text":
      return richText(block);
    case "markdown":
      return markdown(block.text);
    case "table":
      return table(block);
    case "input":
      return control(block.element, block, owner);
    default:
      return h("p", { class: "quiet" }, `[${block.type}]`);
  }
}

const image = (one) => h("img", { src: one.image_url ?? "", alt: one.alt_text, loading: "lazy" });

function table(block) {
  const cell = (one, tag) => h(tag, tag === "th" ? { scope: "col" } : {}, one.type === "rich_text" ? richText(one) : one.text);
  const [first, ...rest] = block.rows;
  return h(
    "table",
    {},
    h("thead", {}, h("tr", {}, first.map((one) => cell(one, "th")))),
    h("tbody", {}, rest.map((row) => h("tr", {}, row.map((one) => cell(one, "td"))))),
  );
}
