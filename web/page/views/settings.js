/** The dialog of settings. */

import { h, setText } from "../dom.js";
import { t } from "../words.js";

/**
 * @param {Record<string, string>} languages their names, by their codes
 * @param {{rename: (nick: string) => void, theme: (theme: string) => void, quit: () => void,
 *   enter: (way: string) => void, sorting: (way: string) => void, announce: (level: string) => void,
 *   language: (language: string) => void, notify: (on: boolean) => void}} actions
 */
export function settingsView(languages, actions) {
  const nick = h("input", { id: "settings-nick", type: "text", maxLength: 64, autocomplete: "off", spellcheck: false });
  const problem = h("p", { class: "problem", role: "alert" });
  const rename = h("form", { class: "field" }, h("label", { for: nick.id }, t("nick")), h("div", { class: "line" }, nick, h("button", { type: "submit" }, t("changeNick"))), problem);
  rename.addEventListener("submit", (/** @type {Event} */ event) => {
    event.preventDefault();
    if (nick.value.trim()) actions.rename(nick.value.trim());
  });
  const theme = choice("theme", "theme", { system: t("themeSystem"), light: t("themeLight"), dark: t("themeDark") }, actions.theme);
  const enter = choice("enterKey", "enter", { sends: t("enterSends"), breaks: t("enterBreaks") }, actions.enter);
  const sorting = choice("sorting", "sorting", { name: t("sortName"), new: t("sortNew") }, actions.sorting);
  const levels = { all: t("announceAll"), mentions: t("announceMentions"), none: t("announceNone") };
  const announce = choice("announce", "announce", levels, actions.announce);
  const words = choice("words", "language", { "": t("wordsOfBrowser"), ...languages }, actions.language);
  const notify = h("input", { id: "settings-notify", type: "checkbox", on: { change: () => actions.notify(notify.checked) } });
  const notifyLine = h("div", { class: "check" }, notify, h("label", { for: notify.id }, t("notifyOn")));
  const close = h("button", { type: "button", class: "icon", "aria-label": t("close") }, "×");
  const quit = h("button", { type: "button", class: "danger", on: { click: actions.quit } }, t("leaveChat"));
  const dialog = h(
    "dialog",
    { class: "settings", "aria-label": t("settings") },
    h("div", { class: "heads" }, h("h2", {}, t("settings")), close),
    ...[rename, theme.element, enter.element, sorting.element, announce.element, words.element, notifyLine],
    h("p", { class: "hint" }, t("leaveChatHelp")),
    quit,
  );
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (/** @type {Event} */ event) => event.target === dialog && dialog.close());
  return {
    element: dialog,
    /** @param {{nick: string, theme: string, enter: string, sorting: string, announce: string, language: string, notify: boolean, canNotify: boolean}} now */
    open(now) {
      nick.value = now.nick;
      setText(problem, "");
      theme.select.value = now.theme;
      enter.select.value = now.enter;
      sorting.select.value = now.sorting;
      announce.select.value = now.announce;
      words.select.value = now.language;
      notify.checked = now.notify;
      notifyLine.hidden = !now.canNotify;
      dialog.showModal();
    },
    get isOpen() {
      return dialog.open;
    },
    close: () => dialog.close(),
    /** @param {string} text */
    tell: (text) => setText(problem, text),
    /** @param {boolean} on */
    notifying: (on) => (notify.checked = on),
  };
}

/** @param {string} label @param {string} name @param {Record<string, string>} options @param {(value: string) => void} act */
function choice(label, name, options, act) {
  const select = h("select", { id: `settings-${name}` }, ...Object.entries(options).map(([value, text]) => h("option", { value }, text)));
  select.addEventListener("change", () => act(select.value));
  return { select, element: h("div", { class: "field" }, h("label", { for: select.id }, t(label)), select) };
}
