/** What a screen reader is told of messages and of the connection. Pure; times are passed in. */

import { safeLine, safeWord } from "../sdk/sanitize.js";
import { status } from "./status.js";
import { t } from "./words.js";

/** @typedef {import("./model.js").Model} Model */

/** Messages that came together, above which they are told as a number. */
const ONE_BY_ONE = 3;
/** Milliseconds that a change of the connection lasts before it is told. */
const LASTING = 3000;

/**
 * Return the sentences about messages that came just now.
 * @param {Model["news"]} news @param {string} level of which a reader is told: all, mentions, or none
 */
export function sentences(news, level) {
  if (level === "none") return [];
  const open = news.filter((each) => each.open && (each.named || level === "all"));
  const elsewhere = news.filter((each) => each.named && !each.open);
  const many = open.length > ONE_BY_ONE && t("manyMessages", { n: open.length, name: safeWord(open[0]?.name ?? "") });
  return [
    ...(many ? [many] : open.map(({ from, text }) => `${safeWord(from)}: ${safeLine(text)}`)),
    ...elsewhere.map(({ id, name, from }) =>
      id.startsWith("@") ? t("directFrom", { from: safeWord(from) }) : t("mentionIn", { name: safeWord(name), from: safeWord(from) }),
    ),
  ];
}

/** Tells of a change of the connection, once it has lasted. */
export class Lasting {
  #told = "live";
  #kind = "live";
  #since = 0;

  /** Return the sentence that is due, if there is one. @param {Model} model @param {number} now */
  look(model, now) {
    const { state, isOffline } = model.connection;
    const isTrying = state === "connecting" || state === "away";
    const kind = isTrying ? `away ${isOffline}` : state;
    if (kind !== this.#kind) this.#since = now;
    this.#kind = kind;
    if (kind === this.#told || now - this.#since < LASTING) return null;
    this.#told = kind;
    return kind === "live" ? t("connectedAgain") : status(model, now).text;
  }
}
