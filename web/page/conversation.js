/** The rows of one room, or of the messages with one person. Pure. */

import { fold, mentions } from "../sdk/names.js";

/**
 * An entry as it is shown. `seq` is its place among all entries of this browser: it grows with what
 * is delivered, and is negative for what was fetched from the history.
 * @typedef {{type: string, seq: number, position: string, at: number, from?: string, text?: string,
 *   kind?: string, id?: string, nick?: string, reason?: string, after?: string}} Row
 */

/** Rows kept in memory: of the open conversation, also while somebody reads older ones, and of others. */
export const ROWS_OPEN = 2000;
export const ROWS_READING = 20_000;
export const ROWS_OTHER = 200;

/** @param {"room" | "person"} kind @param {string} name */
export function idOf(kind, name) {
  return kind === "room" ? `#${name}` : `@${fold(name)}`;
}

/** A room or a person, and what was said there. */
export class Conversation {
  /** @type {Row[]} */
  rows = [];
  /** @type {Set<string>} */
  #positions = new Set();
  /** The place up to which the reader has read. */
  readSeq = 0;
  /** The place of the rule `new`; null: there is none. @type {number | null} */
  newSeq = null;
  /** Whether the mark stays although the messages are in view: the reader has set it back. */
  isHeld = false;
  /** Of which messages the reader is notified. @type {string} */
  level = "mentions";
  /** Whether nothing older is kept anywhere. */
  isComplete = false;
  isLoading = false;
  /** Members by their folded nick; null: not known yet. @type {Map<string, {nick: string, account: boolean}> | null} */
  members = null;
  memberCount = 0;
  hasMoreMembers = false;
  /** Whether the node knows of accounts. */
  hasAccounts = false;
  /** Where the reader was here last; null: at the end. @type {any} */
  place = null;
  /** Whether it is opened there, although something is unread: the page was reloaded. */
  isBack = false;

  /** @param {"room" | "person"} kind @param {string} name */
  constructor(kind, name) {
    this.kind = kind;
    this.name = name;
    this.id = idOf(kind, name);
  }

  /** Add a row at the end; return whether it is new. @param {Row} row */
  add(row) {
    if (this.#positions.has(row.position)) return false;
    this.#positions.add(row.position);
    this.rows.push(row);
    return true;
  }

  /** Add older rows at the beginning. @param {Row[]} rows oldest first */
  prepend(rows) {
    const fresh = rows.filter(({ position }) => !this.#positions.has(position));
    for (const { position } of fresh) this.#positions.add(position);
    this.rows = [...fresh, ...this.rows];
    return fresh.length;
  }

  /** Forget the oldest rows; they can be fetched again. @param {number} most */
  trim(most) {
    if (this.rows.length <= most) return;
    const gone = this.rows.splice(0, this.rows.length - most);
    for (const { position } of gone) this.#positions.delete(position);
    this.isComplete = false;
  }

  /** The position of the oldest row that a node knows. */
  get oldest() {
    return this.rows.find(({ type }) => type !== "gap")?.position ?? null;
  }

  get lastSeq() {
    return this.rows.at(-1)?.seq ?? 0;
  }

  /** The time of the last message. */
  get lastAt() {
    return this.rows.findLast(({ type }) => type === "message")?.at ?? 0;
  }

  /**
   * Count what was not read: messages of others, and those that name us.
   * @param {string} nick ours
   */
  unread(nick) {
    const own = fold(nick);
    let [count, named] = [0, 0];
    for (let i = this.rows.length - 1; i >= 0; i -= 1) {
      const row = /** @type {Row} */ (this.rows[i]);
      if (row.seq <= this.readSeq) break;
      if (row.type !== "message" || fold(row.from ?? "") === own) continue;
      count += 1;
      if (this.kind === "person" || mentions(row.text ?? "", nick)) named += 1;
    }
    return { count, named };
  }

  /** Note who comes and goes. @param {Row} row */
  follow(row) {
    const nick = row.nick ?? "";
    if (row.type === "entered") {
      this.memberCount += 1;
      this.members?.set(fold(nick), { nick, account: false });
    } else if (row.type === "left") {
      this.memberCount = Math.max(0, this.memberCount - 1);
      this.members?.delete(fold(nick));
    } else if (row.type === "renamed" && this.members) {
      this.members.delete(fold(row.from ?? ""));
      this.members.set(fold(nick), { nick, account: false });
    }
  }
}
