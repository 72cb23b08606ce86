// The modals in front of a person: the top one is shown, as a dialog that keeps the focus.

import { announce, h, newId, replace } from "/static/dom.js";
import { blocks } from "/static/blocks.js";
import { app, ask, changed, enteredIn, modals, model } from "/static/model.js";
import { plain } from "/static/text.js";
import { word } from "/static/words.js";

let dialog = null;
let shownId = "";

export function showModal() {
  const view = modals().at(-1);
  if (!view) {
    dialog?.close();
    dialog?.remove();
    dialog = null;
    shownId = "";
    return;
  }
  if (!dialog) {
    dialog = h("dialog", { class: "modal" });
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      if (event.target === dialog) close(modals().at(-1), false);
    });
    document.body.append(dialog);
  }
  const focused = document.activeElement?.closest("dialog") === dialog ? document.activeElement.dataset.action : null;
  const isNew = shownId !== view.id;
  shownId = view.id;
  const title = newId("title");
  dialog.setAttribute("aria-labelledby", title);
  const problem = model.errors.get(view.id)?.[""];
  const form = h(
    "form",
    { onsubmit: (event) => { event.preventDefault(); submit(view); }, novalidate: true },
    h(
      "header",
      {},
      h("h2", { id: title }, plain(view.title)),
      h("button", { type: "button", class: "plain", "aria-label": word("close_all"), onclick: () => close(view, true) }, "✕"),
    ),
    h("div", { class: "modal-body", tabindex: "-1" }, blocks(view.blocks, { view })),
    problem && h("p", { class: "problem", role: "alert" }, problem),
    h(
      "footer",
      {},
      h("span", { class: "quiet" }, app(view.app_id)?.name ?? ""),
      h("button", { type: "button", onclick: () => close(view, false) }, view.close ? plain(view.close) : word("cancel")),
      view.submit && h("button", { type: "submit", class: "primary", disabled: model.sending.has(view.id) }, plain(view.submit)),
    ),
  );
  replace(dialog, form);
  if (!dialog.open) dialog.showModal();
  const wrong = dialog.querySelector('[aria-invalid="true"]');
  const again = focused && dialog.querySelector(`[data-action="${CSS.escape(focused)}"]`);
  const first = dialog.querySelector("[autofocus], .modal-body input, .modal-body select, .modal-body textarea, .modal-body button");
  if (wrong) focusQuietly(wrong);
  else if (again) focusQuietly(again);
  else if (isNew) focusQuietly(first ?? dialog.querySelector("footer button:last-child"));
}

// A chooser opens its list for whoever comes to it, not for whom we put there.
function focusQuietly(element) {
  element.dataset.quiet = "yes";
  element.focus();
}

async function close(view, everything) {
  forget(view);
  const answer = await ask("close", { person: model.person, view_id: view.id, everything });
  if (!answer.ok) announce(word("trouble"));
}

async function submit(view) {
  if (model.sending.has(view.id)) return;
  model.sending.add(view.id);
  dialog.querySelector('[type="submit"]')?.setAttribute("disabled", "");
  const answer = await ask("submit", { person: model.person, view_id: view.id, values: enteredIn(view) });
  model.sending.delete(view.id);
  if (answer.ok) {
    if (!model.views.has(view.id)) forget(view);
    model.errors.delete(view.id);
  } else {
    model.errors.set(view.id, answer.errors ?? { "": answer.message ?? word("trouble") });
    announce(Object.values(model.errors.get(view.id)).join(" "));
  }
  changed("view", {});
}

function forget(view) {
  model.entered.delete(view.id);
  model.errors.delete(view.id);
}
