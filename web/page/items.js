/** Turns the rows of a conversation into what the list shows: days, rules, folded runs. Pure. */

import { fold, mentions } from "../sdk/names.js";
import { day, dayKey } from "./words.js";

/** @typedef {import("./conversation.js").Row} Row */
/**
 * One line of the list. Items with the same `key` are the same; `version` tells whether it changed.
 * @typedef {{key: string, version: string, kind: string, seq?: number, [field: string]: any}} Item
 */

/** Milliseconds within which messages of one author stand together. */
const TOGETHER = 5 * 60 * 1000;
/** Milliseconds before a message counts as waiting. */
export const WAITING_AFTER = 1000;

/**
 * @param {import("./model.js").Model} model
 * @param {import("./conversation.js").Conversation} where @param {number} now
 * @returns {Item[]}
 */
export function items(model, where, now) {
  /** @type {Item[]} */
  const list = [];
  const state = { day: "", last: /** @type {Row | null} */ (null), ruled: where.newSeq === null };
  if (where.isComplete) {
    const isEmpty = !where.rows.some(({ type }) => type === "message");
    list.push({ key: "start", version: `${isEmpty}${where.name}`, kind: "start", isEmpty, where });
  } else if (where.isLoading) list.push({ key: "loading", version: "", kind: "loading" });
  const newest = where.rows.findLast((row) => row.type === "message" && model.isMe(row.from));
  const pending = model.outgoing.filter((each) => each.conversation === where.id);
  const isAcked = pending.some((each) => each.state === "kept");
  for (const row of where.rows) {
    addDay(list, state, row, now);
    addRule(list, state, row, model, where);
    if (row.type === "message") addMessage(list, state, row, model, row === newest && !isAcked);
    else if (row.type === "gap") addGap(list, state, row, where);
    else addPresence(list, row);
    if (row.type !== "message") state.last = null;
  }
  addPending(list, model, pending, state.last, now);
  return list;
}

/** @param {Item[]} list @param {any} state @param {Row} row @param {number} now */
function addDay(list, state, row, now) {
  if (!row.at) return;
  const key = dayKey(row.at);
  if (key === state.day) return;
  state.day = key;
  state.last = null;
  const text = day(row.at, now);
  list.push({ key: `day ${row.seq}`, version: text, kind: "day", text });
}

/** @param {Item[]} list @param {any} state @param {Row} row @param {import("./model.js").Model} model @param {any} where */
function addRule(list, state, row, model, where) {
  const isOther = row.type === "message" && !model.isMe(row.from);
  if (state.ruled || row.seq <= where.newSeq || !isOther) return;
  state.ruled = true;
  state.last = null;
  const count = where.rows.filter(
    (/** @type {Row} */ each) => each.seq > where.newSeq && each.type === "message" && !model.isMe(each.from),
  ).length;
  list.push({ key: "new", version: String(count), kind: "new", count });
}

/** @param {Item[]} list @param {any} state @param {Row} row @param {import("./model.js").Model} model @param {boolean} isNewest */
function addMessage(list, state, row, model, isNewest) {
  const mine = model.isMe(row.from);
  const continued = follows(state.last, row);
  const named = !mine && mentions(row.text ?? "", model.nick);
  state.last = row;
  list.push({
    key: `m ${row.position}`,
    version: `${continued}${named}${mine && isNewest}${mine}`,
    kind: "message",
    seq: row.seq,
    row,
    mine,
    named,
    continued,
    state: mine ? "kept" : null,
    isTold: mine && isNewest,
  });
}

/** @param {Row | null} last @param {Row} row */
function follows(last, row) {
  if (!last || last.kind === "action" || row.kind === "action") return false;
  return fold(last.from ?? "") === fold(row.from ?? "") && Math.abs(row.at - last.at) < TOGETHER;
}

/** @param {Item[]} list @param {any} state @param {Row} row @param {any} where */
function addGap(list, state, row, where) {
  const at = where.rows.indexOf(row);
  const from = where.rows[at - 1]?.at;
  const to = where.rows[at + 1]?.at;
  list.push({ key: `g ${row.position}`, version: `${from} ${to}`, kind: "gap", seq: row.seq, from, to });
}

/** Fold runs of people who come and go into one line. @param {Item[]} list @param {Row} row */
function addPresence(list, row) {
  const last = list.at(-1);
  const isPlain = row.type === "entered" || (row.type === "left" && row.reason !== "kicked");
  if (last?.kind === "presence" && last.isPlain && isPlain) {
    last.rows.push(row);
    last.seq = row.seq;
    last.version = String(last.rows.length);
    return;
  }
  const key = `e ${row.position}`;
  list.push({ key, version: "1", kind: "presence", seq: row.seq, rows: [row], isPlain });
}

/** @param {Item[]} list @param {import("./model.js").Model} model @param {import("./model.js").Outgoing[]} pending @param {Row | null} last @param {number} now */
function addPending(list, model, pending, last, now) {
  const newest = pending.findLast((each) => each.state === "kept");
  for (const each of pending) {
    const row = { ...each, type: "message", seq: Infinity, position: "", from: model.nick };
    const continued = follows(last, row);
    last = row;
    const isTold =
      each.state === "kept" ? each === newest : each.state !== "waiting" || now - each.at >= WAITING_AFTER;
    list.push({
      key: `p ${each.id}`,
      version: `${each.state}${isTold}${continued}${each.why}`,
      kind: "message",
      row,
      mine: true,
      named: false,
      continued,
      state: each.state,
      isTold,
      outgoing: each,
    });
  }
}
