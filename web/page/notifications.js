/** Shows notifications: one for each conversation, and one that counts after an absence. */

import { safeLine, safeWord } from "../sdk/sanitize.js";
import { t } from "./words.js";

const ICON = "/icons/icon-192.png";
/** The tag of the one after an absence; no conversation has it. */
const ABSENCE = "absence";
const LENGTH = 200;

export class Notifications {
  /** What is shown, by its tag. @type {Map<string, {close: () => void}>} */
  #shown = new Map();
  /** Messages that came while the page was away, by conversation. @type {Map<string, number>} */
  #missed = new Map();

  /** @param {(id: string) => void} open */
  constructor(open) {
    this.open = open;
    // Where phones show it, the service worker is told of the click.
    navigator.serviceWorker?.addEventListener("message", ({ data }) => this.#clicked(data.open));
  }

  /** Show a message. @param {{id: string, name: string, from: string, text: string}} news */
  message({ id, name, from, text }) {
    const title = id.startsWith("#") ? `${safeWord(from)} (#${safeWord(name)})` : safeWord(from);
    this.#show(id, title, safeLine(text).slice(0, LENGTH));
  }

  /** Tell how much came during an absence. @param {Map<string, number>} missed */
  missed(missed) {
    for (const [id, n] of missed) this.#missed.set(id, n + (this.#missed.get(id) ?? 0));
    const n = [...this.#missed.values()].reduce((sum, each) => sum + each, 0);
    if (!n) return;
    const body = [...this.#missed].map(([id, each]) => `${safeWord(id.replace(/^@/, ""))}: ${each}`).join(", ");
    this.#show(ABSENCE, t("missed", { n }), body.slice(0, LENGTH));
  }

  /** Take back what was read meanwhile. @param {string} id */
  wasRead(id) {
    this.#close(id);
    this.#missed.delete(id);
    if (!this.#missed.size) this.#close(ABSENCE);
  }

  /** @param {string} tag @param {string} title @param {string} body */
  #show(tag, title, body) {
    if (!globalThis.Notification || Notification.permission !== "granted") return;
    const options = { body, tag, icon: ICON, renotify: true };
    try {
      const shown = new Notification(title, options);
      shown.onclick = () => {
        shown.close();
        this.#clicked(tag);
      };
      this.#shown.set(tag, shown);
    } catch {
      this.#showByWorker(tag, title, options);
    }
  }

  /** Phones allow it to service workers only. @param {string} tag @param {string} title @param {any} options */
  async #showByWorker(tag, title, options) {
    const worker = await navigator.serviceWorker?.getRegistration();
    await worker?.showNotification(title, options);
    const close = async () => (await worker?.getNotifications({ tag }))?.forEach((each) => each.close());
    this.#shown.set(tag, { close });
  }

  /** @param {string} tag */
  #clicked(tag) {
    window.focus();
    const [first] = this.#missed.keys();
    const id = tag === ABSENCE ? first : tag;
    if (id) this.open(id);
  }

  /** @param {string} tag */
  #close(tag) {
    this.#shown.get(tag)?.close();
    this.#shown.delete(tag);
  }
}
