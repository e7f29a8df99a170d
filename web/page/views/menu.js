/** Menus of actions, and the card of a person. */

import { h } from "../dom.js";
import { t } from "../words.js";

/** Pixels between a menu and the edge of the window. */
const EDGE = 8;

/**
 * One choice of a menu: `act` does it. With `checked` it is one of several, of which one is chosen.
 * @typedef {{label: string, act: () => void, checked?: boolean}} Choice
 */

/** A menu that opens at some element, or as a sheet at the bottom of a narrow screen. */
export function menuView() {
  const list = h("div", { role: "menu", on: { keydown } });
  const dialog = h("dialog", { class: "menu" }, list);
  dialog.addEventListener("click", (/** @type {Event} */ event) => event.target === dialog && dialog.close());

  /** @param {KeyboardEvent} event */
  function keydown(event) {
    const all = /** @type {HTMLElement[]} */ ([...list.children]);
    const at = all.indexOf(/** @type {any} */ (document.activeElement));
    const last = all.length - 1;
    const next = { ArrowDown: at === last ? 0 : at + 1, ArrowUp: at <= 0 ? last : at - 1, Home: 0, End: last }[event.key];
    if (next !== undefined) all[next]?.focus();
    else if (event.key === "Tab") dialog.close();
    else if (event.key.length === 1 && event.key !== " ") jump(all, at, event.key);
    else return;
    event.preventDefault();
  }

  return {
    element: dialog,
    /**
     * The browser puts the focus back where it was when the menu closes.
     * @param {string} label @param {Choice[]} choices @param {Element} at
     */
    open(label, choices, at) {
      list.replaceChildren(...choices.map(item));
      list.setAttribute("aria-label", label);
      if (!dialog.open) dialog.showModal();
      place(dialog, at.getBoundingClientRect());
      (list.querySelector('[aria-checked="true"]') ?? list.firstElementChild)?.focus();
    },
  };

  /** @param {Choice} choice */
  function item({ label, act, checked }) {
    const click = () => {
      dialog.close();
      act();
    };
    const role = checked === undefined ? "menuitem" : "menuitemradio";
    return h("button", { type: "button", role, tabIndex: -1, "aria-checked": checked, on: { click } }, label);
  }
}

/** Go to the next choice that begins with a letter. @param {HTMLElement[]} all @param {number} at @param {string} letter */
function jump(all, at, letter) {
  const begins = (/** @type {HTMLElement} */ each) => each.textContent?.toLowerCase().startsWith(letter.toLowerCase());
  [...all.slice(at + 1), ...all].find(begins)?.focus();
}

/** @param {HTMLElement} dialog @param {DOMRect} at */
function place(dialog, at) {
  const { offsetWidth, offsetHeight, style } = dialog;
  const left = Math.min(at.right - offsetWidth, innerWidth - offsetWidth - EDGE);
  const below = at.bottom + offsetHeight + EDGE <= innerHeight;
  const top = below ? at.bottom : Math.max(EDGE, at.top - offsetHeight);
  style.setProperty("--left", `${Math.max(EDGE, left)}px`);
  style.setProperty("--top", `${top}px`);
}

/** What is known of a person, and what can be done. */
export function cardView() {
  const dialog = h("dialog", { class: "card-of" });
  dialog.addEventListener("click", (/** @type {Event} */ event) => event.target === dialog && dialog.close());
  return {
    element: dialog,
    /** @param {{name: Node, label: string, about: string[], choices: Choice[]}} person */
    open({ name, label, about, choices }) {
      const close = h("button", { type: "button", class: "icon", "aria-label": t("close"), on: { click: () => dialog.close() } }, "×");
      const buttons = choices.map((each, n) => {
        const click = () => {
          dialog.close();
          each.act();
        };
        return h("button", { type: "button", class: n ? "" : "primary", autofocus: !n, on: { click } }, each.label);
      });
      dialog.setAttribute("aria-label", label);
      dialog.replaceChildren(
        h("div", { class: "heads" }, h("h2", {}, name), close),
        ...about.map((line) => h("p", { class: "hint" }, line)),
        ...buttons,
      );
      dialog.showModal();
    },
  };
}
