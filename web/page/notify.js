/** What is said outside of the list: to screen readers, in the title, by notifications. */

import { Lasting, sentences } from "./announce.js";
import { h } from "./dom.js";
import * as preferences from "./preferences.js";
import { t } from "./words.js";

/** Milliseconds in which messages are told together. */
const TOGETHER = 2000;

/** Speaks to screen readers, politely, and counts in the title. */
export class Notify {
  element = h("div", { class: "spoken", "aria-live": "polite" });
  /** @type {any[]} */
  #news = [];
  #timer = 0;
  /** What came during an absence, until nothing more of it comes. @type {Map<string, number>} */
  #missed = new Map();
  #missedTimer = 0;
  #lasting = new Lasting();
  /** Set where the reader wants notifications. @type {import("./notifications.js").Notifications | null} */
  notifications = null;
  #count = 0;

  /**
   * @param {any[]} news what came just now
   * @param {Map<string, number>} missed how much came late, by conversation
   * @param {boolean} isFocused
   */
  tell(news, missed, isFocused) {
    this.#news.push(...news);
    if (this.#news.length && !this.#timer) {
      this.#timer = setTimeout(() => this.#speak(), TOGETHER);
    }
    if (isFocused) return;
    for (const each of news) if (each.tells) this.notifications?.message(each);
    if (!missed.size) return;
    for (const [id, n] of missed) this.#missed.set(id, n + (this.#missed.get(id) ?? 0));
    clearTimeout(this.#missedTimer);
    this.#missedTimer = setTimeout(() => {
      this.notifications?.missed(this.#missed);
      this.#missed.clear();
    }, TOGETHER);
  }

  /** Say a sentence. @param {string} text */
  say(text) {
    this.element.append(h("p", {}, text));
    while (this.element.childElementCount > 5) this.element.firstElementChild?.remove();
  }

  #speak() {
    this.#timer = 0;
    for (const text of sentences(this.#news.splice(0), preferences.get("announce", "all"))) this.say(text);
  }

  /** Say how the connection is, once that has lasted. @param {import("./model.js").Model} model @param {number} now */
  connection(model, now) {
    const text = model.phase === "chat" && this.#lasting.look(model, now);
    if (text) this.say(text);
  }

  /** Tell how much is unread: in the title, on the icon, and where the page is installed. @param {number} count */
  count(count) {
    document.title = count ? `(${count}) ${t("chat")}` : t("chat");
    if (count === this.#count) return;
    this.#count = count;
    const icon = document.querySelector('link[rel="icon"]');
    icon?.setAttribute("href", `/icons/icon${count ? "-unread" : ""}.svg`);
    navigator.setAppBadge?.(count).catch(() => {});
  }

  /** @param {string} id */
  wasRead(id) {
    this.#missed.delete(id);
    this.notifications?.wasRead(id);
  }
}
