/** The card at the first visit, and when a nick is refused. */

import { h, setText } from "../dom.js";
import { t } from "../words.js";

/** @param {{enter: (fields: {nick: string, password: string, token: string}) => void}} actions */
export function entranceView(actions) {
  const nick = field("nick", { name: "username", autocomplete: "username", maxLength: 64, required: true });
  const password = field("password", { type: "password", name: "password", autocomplete: "current-password" });
  const token = field("token", { type: "password", name: "token", autocomplete: "off" });
  const error = h("p", { class: "problem", role: "alert" });
  const insecure = h("p", { class: "hint", hidden: true }, t("insecure"));
  const suggestion = h("button", { type: "button", class: "quiet" });
  const enter = h("button", { type: "submit", class: "primary" }, t("enter"));
  const intro = h("p", { class: "hint" }, t("entranceIntro"));
  const title = h("h1", {}, t("product"));
  const form = h(
    "form",
    { class: "card", on: { submit } },
    ...[title, intro, nick.label, password.label, token.label, insecure, error, suggestion, enter],
  );
  /** @param {Event} event */
  function submit(event) {
    event.preventDefault();
    const typed = nick.input.value.trim();
    if (typed) actions.enter({ nick: typed, password: password.input.value, token: token.input.value });
  }
  suggestion.addEventListener("click", () => {
    nick.input.value = suggestion.dataset.nick ?? "";
    form.requestSubmit();
  });
  let shown = "";
  return {
    element: h("div", { class: "entrance" }, form),
    focus: () => nick.input.focus(),
    /** @param {import("../model.js").Model} model */
    update({ entrance, phase }) {
      const secure = isSecureContext;
      intro.hidden = phase === "chat";
      password.label.hidden = !entrance.password;
      token.label.hidden = !entrance.token;
      insecure.hidden = secure || !(entrance.password || entrance.token);
      setText(error, entrance.error);
      suggestion.hidden = !entrance.suggestion;
      suggestion.dataset.nick = entrance.suggestion;
      setText(suggestion, t("take", { nick: entrance.suggestion }));
      enter.disabled = entrance.busy;
      setText(enter, entrance.busy ? t("entering") : t("enter"));
      if (entrance.nick !== shown) nick.input.value = shown = entrance.nick;
    },
  };
}

/** @param {string} key @param {Record<string, any>} props */
function field(key, props) {
  const input = h("input", { id: `entrance-${key}`, type: "text", spellcheck: false, autocapitalize: "none", ...props });
  const label = h("div", { class: "field" }, h("label", { for: input.id }, t(key)), input);
  return { input, label };
}
