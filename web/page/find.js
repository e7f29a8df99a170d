/** Finds messages by a word or phrase. Pure. */

import { fold } from "../sdk/names.js";

/** @typedef {import("./conversation.js").Row} Row */
/**
 * A search in one conversation. `hits`: the newest ones, newest first; `found` counts all of them,
 * `looked` the messages that were searched, down to the position `oldest`.
 * @typedef {{where: import("./conversation.js").Conversation, query: string, hits: Row[],
 *   found: number, looked: number, oldest?: string, state: "here" | "running" | "stopped" | "done"}} Search
 */

/** Hits that are listed; more of them need a longer word. */
export const HITS_MOST = 200;
/** Characters of a hit that are shown, and those before its first match. */
const EXCERPT = 160;
const BEFORE = 40;

/** Return a new search. @param {Search["where"]} where @param {string} query @returns {Search} */
export function begin(where, query) {
  return { where, query, hits: [], found: 0, looked: 0, state: "here" };
}

/** Search some rows, which are older than those before. @param {Search} search @param {Row[]} rows oldest first */
export function look(search, rows) {
  search.oldest = rows[0]?.position ?? search.oldest;
  const wanted = fold(search.query.trim()).replace(/\s+/g, " ");
  for (const row of [...rows].reverse()) {
    if (row.type !== "message") continue;
    search.looked += 1;
    if (!wanted || !fold(row.text ?? "").replace(/\s+/g, " ").includes(wanted)) continue;
    search.found += 1;
    if (search.hits.length < HITS_MOST) search.hits.push(row);
  }
}

/**
 * Return the text around its first match, in parts; every other one is a match.
 * @param {string} text @param {string} query
 */
export function excerpt(text, query) {
  const line = text.replace(/\s+/g, " ").trim();
  const words = query.trim().replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&").replace(/\s+/g, "\\s+");
  const pattern = new RegExp(`(${words})`, "giu");
  const first = words ? line.search(pattern) : -1;
  const space = line.lastIndexOf(" ", first - BEFORE);
  const from = first > BEFORE ? Math.max(space + 1, first - 2 * BEFORE) : 0;
  const cut = [...line.slice(from)];
  const shown = `${from ? "…" : ""}${cut.slice(0, EXCERPT).join("")}${cut.length > EXCERPT ? "…" : ""}`;
  return words ? shown.split(pattern) : [shown];
}
