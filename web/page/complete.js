/** Finds what a nick or a room that is being typed may become. Pure. */

import { fold } from "../sdk/names.js";

const SHOWN_MOST = 8;
const BEGUN = /(?<![^\s(])([@#])([^\s@#]*)$/u;

/**
 * Return the `@nick` or `#room` before the caret: its sign, where it starts, and what is typed of it.
 * @param {string} text @param {number} caret
 */
export function begun(text, caret) {
  const found = BEGUN.exec(text.slice(0, caret));
  if (!found) return null;
  return { sign: found[1] ?? "", typed: found[2] ?? "", start: found.index, end: caret };
}

/**
 * Return the names that fit, those first that begin so. Of nicks, who spoke last comes first; of
 * rooms, those that the reader is in.
 * @param {import("./model.js").Model} model @param {string} sign @param {string} typed
 */
export function candidates(model, sign, typed) {
  const wanted = fold(typed);
  const names = sign === "#" ? rooms(model) : nicks(model);
  const begins = names.filter((name) => fold(name).startsWith(wanted));
  const holds = names.filter((name) => fold(name).indexOf(wanted) > 0);
  const found = [...begins, ...holds].slice(0, SHOWN_MOST);
  // A name that is complete needs no list.
  return found.length === 1 && found[0] === typed ? [] : found;
}

/** @param {import("./model.js").Model} model */
function rooms(model) {
  const own = model.list("room").map(({ name }) => name);
  const known = new Set(own.map(fold));
  return [...own, ...model.rooms.filter((name) => !known.has(fold(name)))];
}

/** @param {import("./model.js").Model} model */
function nicks(model) {
  const where = model.open;
  /** @type {Map<string, string>} */
  const found = new Map();
  const add = (/** @type {string | undefined} */ nick) => {
    if (nick && !model.isMe(nick) && !found.has(fold(nick))) found.set(fold(nick), nick);
  };
  for (const { from } of where?.rows.slice(-200).reverse() ?? []) add(from);
  const present = where?.members;
  const spoke = [...found.values()].filter((nick) => !present || present.has(fold(nick)));
  found.clear();
  spoke.forEach(add);
  const others = [...(present?.values() ?? [])].map(({ nick }) => nick).sort((a, b) => a.localeCompare(b));
  others.forEach(add);
  if (where?.kind === "person") add(where.name);
  return [...found.values()];
}
