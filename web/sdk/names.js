/** When two spellings are one name, and where a text names somebody. Pure. */

/**
 * Return what all spellings of one room or nick have in common; for grouping only.
 * @param {string} name
 */
export function fold(name) {
  return name.normalize("NFKC").toLowerCase().normalize("NFKC");
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
