/** When two spellings are one name, and where a text names somebody. Pure. */

/** @type {Map<string, string>} */
const FOLDED = new Map();
const FOLDED_MOST = 1000;

/**
 * Return what all spellings of one room or nick have in common; for grouping only.
 * @param {string} name
 */
export function fold(name) {
  let folded = FOLDED.get(name);
  if (folded === undefined) {
    // The same few nicks come again and again.
    if (FOLDED.size >= FOLDED_MOST) FOLDED.clear();
    folded = name.normalize("NFKC").toLowerCase().normalize("NFKC");
    if (name.length <= 64) FOLDED.set(name, folded);
  }
  return folded;
}

/**
 * Return whether a text has the nick as a word.
 * @param {string} text @param {string} nick
 */
export function mentions(text, nick) {
  const [where, what] = [text.toLowerCase(), nick.toLowerCase()];
  if (!where.includes(what)) return false;
  const escaped = what.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  return new RegExp(`(?<![\\p{L}\\p{N}_])${escaped}(?![\\p{L}\\p{N}_])`, "u").test(where);
}

/**
 * Return the nick with a short random suffix, because it is taken.
 * @param {string} nick @param {() => number} random
 */
export function withSuffix(nick, random = Math.random) {
  return `${nick}-${String(Math.floor(random() * 10_000)).padStart(4, "0")}`;
}
