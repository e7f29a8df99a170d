/** The list of nicks or rooms above the box, while one is being typed. */

import { safeWord } from "../../sdk/sanitize.js";
import { begun, candidates } from "../complete.js";
import { h } from "../dom.js";
import { t } from "../words.js";

/** Milliseconds for which the list of all rooms is fresh enough. */
const FRESH = 60_000;

/** @typedef {NonNullable<ReturnType<typeof begun>>} Begun */

/**
 * A list for a text box. The box keeps its role: that of a combobox is for one line.
 * @param {HTMLTextAreaElement} box @param {() => void} changed
 * @param {(words: string) => void} say to a screen reader
 * @param {() => Promise<any[]>} listRooms brings all rooms into the model
 */
export function completeView(box, changed, say, listRooms) {
  const list = h("ul", { id: "complete", class: "complete options", role: "listbox", hidden: true, on: { pointerdown } });
  box.setAttribute("aria-controls", list.id);
  box.setAttribute("aria-haspopup", "listbox");
  box.addEventListener("blur", close);
  /** @type {string[]} */
  let names = [];
  let at = 0;
  /** Whether the reader has chosen one with the arrows. */
  let isChosen = false;
  /** @type {Begun | null} */
  let word = null;
  let listedAt = -Infinity;

  /** The focus stays in the box. @param {PointerEvent} event */
  function pointerdown(event) {
    event.preventDefault();
    const option = /** @type {Element} */ (event.target).closest("li");
    if (option) take([...list.children].indexOf(option));
  }
  function close() {
    names = [];
    list.hidden = true;
    box.removeAttribute("aria-activedescendant");
  }
  /** @param {number} number */
  function take(number) {
    const name = names[number];
    if (!word || name === undefined) return;
    const { sign, start, end } = word;
    const rest = box.value.slice(end);
    box.setRangeText(`${sign}${name}${rest.startsWith(" ") ? "" : " "}`, start, end, "end");
    if (rest.startsWith(" ")) box.selectionStart += 1;
    close();
    changed();
  }
  function mark() {
    [...list.children].forEach((option, n) => option.setAttribute("aria-selected", String(n === at)));
    box.setAttribute("aria-activedescendant", `complete-${at}`);
    list.children[at]?.scrollIntoView({ block: "nearest" });
  }

  /** Offer all rooms as soon as they are known, unless the list was closed or used. @param {import("../model.js").Model} model */
  async function allRooms(model) {
    if (Date.now() - listedAt < FRESH) return;
    listedAt = Date.now();
    const start = word?.start;
    const found = await listRooms();
    if (!found.length) listedAt = -Infinity;
    else if (word?.start === start && !isChosen) view.update(model);
  }

  const view = {
    element: list,
    close,
    /** @param {import("../model.js").Model} model */
    update(model) {
      word = box.selectionStart === box.selectionEnd ? begun(box.value, box.selectionStart) : null;
      if (word?.sign === "#") allRooms(model);
      const found = word && document.activeElement === box ? candidates(model, word.sign, word.typed) : [];
      if (!found.length) return close();
      const wasOpen = names.length > 0;
      names = found;
      at = 0;
      isChosen = false;
      list.setAttribute("aria-label", t(word?.sign === "#" ? "rooms" : "people"));
      list.replaceChildren(
        ...names.map((name, n) => h("li", { role: "option", id: `complete-${n}`, class: "option" }, h("span", { class: "sign" }, word?.sign), h("bdi", { class: "name" }, safeWord(name)))),
      );
      list.hidden = false;
      mark();
      if (!wasOpen) say(t("suggestions", { n: names.length }));
    },
    /** Return whether the list took the key. @param {KeyboardEvent} event */
    key(event) {
      if (!names.length || event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return false;
      const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (by) {
        at = (at + by + names.length) % names.length;
        isChosen = true;
        mark();
      } else if ((event.key === "Tab" && !event.shiftKey) || (event.key === "Enter" && isChosen)) take(at);
      else if (event.key === "Escape") {
        word = null;
        close();
      } else return false;
      event.preventDefault();
      // Escape closes this list, and nothing else.
      event.stopPropagation();
      return true;
    },
  };
  return view;
}
