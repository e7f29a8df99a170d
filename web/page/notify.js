/** What is said outside of the window: to screen readers, in the title, by notifications. */

import { safeLine, safeWord } from "../sdk/sanitize.js";
import { h } from "./dom.js";
import { t } from "./words.js";

/** Milliseconds in which more than some messages are told as a number. */
const TOGETHER = 2000;
const ONE_BY_ONE = 3;

/** Speaks to screen readers, politely, and shows notifications. */
export class Notify {
  element = h("div", { class: "spoken", "aria-live": "polite" });
  /** @type {any[]} */
  #news = [];
  #timer = 0;
  /** @type {Map<string, Notification>} */
  #shown = new Map();
  isWanted = false;

  /** @param {any[]} news @param {{isFocused: boolean, open: (id: string) => void}} context */
  tell(news, { isFocused, open }) {
    this.#news.push(...news);
    if (this.#news.length && !this.#timer) {
      this.#timer = setTimeout(() => this.#speak(), TOGETHER);
    }
    if (!isFocused) for (const each of news) if (each.named) this.#notify(each, open);
  }

  /** Say a sentence. @param {string} text */
  say(text) {
    this.element.append(h("p", {}, text));
    while (this.element.childElementCount > 5) this.element.firstElementChild?.remove();
  }

  #speak() {
    const news = this.#news.splice(0);
    this.#timer = 0;
    const open = news.filter((each) => each.open);
    if (open.length > ONE_BY_ONE) {
      this.say(t("manyMessages", { n: open.length, name: safeWord(open[0].name) }));
    } else for (const { from, text } of open) this.say(`${safeWord(from)}: ${safeLine(text)}`);
    for (const { name, from, named, open: isOpen } of news) {
      if (named && !isOpen) this.say(t("mentionIn", { name: safeWord(name), from: safeWord(from) }));
    }
  }

  /** @param {any} news @param {(id: string) => void} open */
  #notify({ id, name, from, text }, open) {
    if (!this.isWanted || !globalThis.Notification || Notification.permission !== "granted") return;
    const title = id.startsWith("#") ? `${safeWord(from)} (#${safeWord(name)})` : safeWord(from);
    try {
      const shown = new Notification(title, { body: safeLine(text).slice(0, 200), tag: id, icon: "/icons/icon-192.png" });
      shown.onclick = () => {
        window.focus();
        open(id);
        shown.close();
      };
      this.#shown.set(id, shown);
    } catch {
      // Phones allow it to service workers only.
      this.isWanted = false;
    }
  }

  /** Take back what was read meanwhile. @param {string} id */
  wasRead(id) {
    this.#shown.get(id)?.close();
    this.#shown.delete(id);
  }
}
