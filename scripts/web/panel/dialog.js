// The dialogs: consent to an action by a typed word, and the token.

import { hasToken, setToken } from "./api.js";
import { byId, el } from "./dom.js";
import { word } from "./language.js";

function open(children, onclose) {
  const dialog = byId("dialog");
  dialog.replaceChildren(...children);
  dialog.onclose = () => {
    dialog.replaceChildren();
    if (onclose) onclose();
  };
  dialog.showModal();
  return dialog;
}

function close() {
  byId("dialog").close();
}

function field(label, input, help) {
  const helpNode = help ? el("small", { class: "quiet", id: `${input.id}-help`, text: help }) : null;
  if (helpNode) input.setAttribute("aria-describedby", helpNode.id);
  return el("div", { class: "field" }, el("label", { for: input.id, text: label }), input, helpNode);
}

function tokenFields() {
  const input = el("input", { id: "dialog-token", type: "password", autocomplete: "off", spellcheck: "false", required: true });
  const keep = el("input", { id: "dialog-keep", type: "checkbox" });
  const box = el("div", { class: "check" }, keep, el("label", { for: "dialog-keep", text: word("keepToken") }));
  return { input, keep, nodes: [field(word("token"), input, word("tokenHelp")), box] };
}

// action: {title, text, confirm, typed (a word, or null), reason (bool)}. onconfirm gets {reason}.
export function askConsent(action, onconfirm) {
  const typed = action.typed ? el("input", { id: "dialog-word", type: "text", autocomplete: "off", autocapitalize: "characters", spellcheck: "false" }) : null;
  const reason = action.reason ? el("input", { id: "dialog-reason", type: "text", maxlength: 200, autocomplete: "off" }) : null;
  const token = hasToken() ? null : tokenFields();
  const confirm = el("button", { type: "submit", class: "button button-strong", id: "dialog-confirm", text: action.confirm });

  const ready = () => (!typed || typed.value.trim().toUpperCase() === action.typed) && (!token || token.input.value.trim() !== "");
  const update = () => {
    confirm.disabled = !ready();
  };
  const form = el(
    "form",
    { novalidate: true, oninput: update, onsubmit: (event) => {
      event.preventDefault();
      if (!ready()) return;
      if (token) setToken(token.input.value, token.keep.checked);
      close();
      onconfirm({ reason: reason ? reason.value.trim() : "" });
    } },
    el("h2", { id: "dialog-title", text: action.title }),
    el("p", { id: "dialog-text", text: action.text }),
    typed ? field(word("typeWord", { word: action.typed }), typed) : null,
    reason ? field(word("reason"), reason) : null,
    ...(token ? token.nodes : []),
    el("div", { class: "dialog-buttons" }, el("button", { type: "button", class: "button", text: word("cancel"), onclick: close }), confirm),
  );
  update();
  open([form]);
  (typed || (token && token.input) || confirm).focus();
}

export function askToken(ondone) {
  const token = tokenFields();
  const form = el(
    "form",
    { novalidate: true, onsubmit: (event) => {
      event.preventDefault();
      if (!token.input.value.trim()) return;
      setToken(token.input.value, token.keep.checked);
      close();
      ondone();
    } },
    el("h2", { id: "dialog-title", text: word("tokenTitle") }),
    el("p", { id: "dialog-text", class: "quiet", text: word("tokenHelp") }),
    ...token.nodes,
    el("div", { class: "dialog-buttons" },
      hasToken() ? el("button", { type: "button", class: "button", text: word("tokenForget"), onclick: () => {
        setToken("", false);
        close();
        ondone();
      } }) : null,
      el("button", { type: "button", class: "button", text: word("cancel"), onclick: close }),
      el("button", { type: "submit", class: "button button-strong", text: word("save") })),
  );
  open([form]);
  token.input.focus();
}
