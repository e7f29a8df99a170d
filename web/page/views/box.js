/** The box for a message. Enter belongs to an input method while it composes. */

import { TEXT } from "../../sdk/limits.js";
import { safeWord } from "../../sdk/sanitize.js";
import { byteLength } from "../../sdk/text.js";
import { h, setText } from "../dom.js";
import { pieces } from "../text.js";
import { t } from "../words.js";

/**
 * `complete` loads the list of names that are offered while one is typed.
 * @param {{send: (texts: string[]) => boolean, typed: (text: string) => void,
 *   enterSends: () => boolean, complete: (box: HTMLTextAreaElement, changed: () => void) => Promise<any>}} actions
 */
export function boxView(actions) {
  const box = h("textarea", { id: "box", rows: 1, dir: "auto", autocomplete: "off", enterKeyHint: "send" });
  const size = h("span", { class: "size", "aria-live": "off" });
  const send = h("button", { type: "submit", class: "send", "aria-label": t("send"), title: t("send") }, "➤");
  const split = h("button", { type: "button", class: "quiet", hidden: true });
  const form = h("form", { class: "box", on: { submit } }, h("div", { class: "line" }, box, send), h("div", { class: "extra" }, size, split));
  let composedAt = -Infinity;
  /** @type {any} */
  let complete = null;
  let isLoading = false;
  /** @type {import("../model.js").Model | null} */
  let shown = null;
  let isTouch = matchMedia("(pointer: coarse)").matches;

  /** @param {Event} event */
  function submit(event) {
    event.preventDefault();
    if (byteLength(box.value) <= TEXT) go([box.value]);
  }
  /** @param {string[]} texts */
  function go(texts) {
    if (!texts.some((text) => text.trim())) return;
    // First: a command may open another room, whose draft is in the box then.
    const typed = box.value;
    box.value = "";
    changed();
    if (!actions.send(texts)) {
      box.value = typed;
      changed();
      return;
    }
    box.focus();
  }
  split.addEventListener("click", () => go(pieces(box.value, TEXT)));
  box.addEventListener("input", changed);
  box.addEventListener("compositionend", (/** @type {Event} */ event) => (composedAt = event.timeStamp));
  box.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => (isTouch = event.pointerType === "touch"));
  for (const type of ["keyup", "click"]) {
    box.addEventListener(type, (/** @type {any} */ { key = "ArrowLeft" }) => /^Arrow(Left|Right)$/.test(key) && complete?.update(shown));
  }
  box.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (complete?.key(event)) return;
    if (event.key !== "Enter" || event.isComposing || event.keyCode === 229) return;
    // Safari ends the composition just before the key.
    if (event.timeStamp - composedAt < 50) return;
    const withControl = event.ctrlKey || event.metaKey;
    const sends = withControl || (actions.enterSends() && !isTouch && !event.shiftKey && !event.altKey);
    if (!sends) return;
    event.preventDefault();
    // A key that is held down sends once.
    if (!event.repeat) form.requestSubmit();
  });

  function changed() {
    actions.typed(box.value);
    fit();
    suggest();
  }
  async function suggest() {
    if (!complete && !isLoading && /[@#]/.test(box.value)) {
      isLoading = true;
      complete = await actions.complete(box, changed);
      if (complete) form.prepend(complete.element);
    }
    complete?.update(shown);
  }
  function fit() {
    const lines = box.value.split("\n").length;
    box.rows = Math.min(8, Math.max(1, lines));
    while (box.rows < 8 && box.scrollHeight > box.clientHeight + 2) box.rows += 1;
    const n = box.value.length * 3 > TEXT ? byteLength(box.value) : 0;
    size.hidden = n < TEXT - 500;
    setText(size, t("tooLong", { n, max: TEXT }));
    form.classList.toggle("over", n > TEXT);
    split.hidden = n <= TEXT;
    if (n > TEXT) setText(split, t("split", { n: pieces(box.value, TEXT).length }));
  }

  return {
    element: form,
    focus: () => box.focus(),
    get value() {
      return box.value;
    },
    /** @param {string} text */
    fill(text) {
      box.value = text;
      complete?.close();
      fit();
    },
    /** @param {import("../model.js").Model} model */
    update(model) {
      shown = model;
      const where = model.open;
      form.hidden = !where;
      const off = model.connection.state === "elsewhere" || model.connection.state === "ended";
      send.disabled = off;
      if (!where) return;
      const name = safeWord(where.name);
      const label = where.kind === "room" ? t("messageRoom", { room: name }) : t("messagePerson", { nick: name });
      if (box.placeholder !== label) {
        box.placeholder = label;
        box.setAttribute("aria-label", label);
      }
    },
  };
}
