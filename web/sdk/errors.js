/** The errors of the client, and what the nodes' errors mean. */

import { CODES, REASONS } from "./codes.js";

/** @typedef {import("./types.js").ErrorEvent} ErrorEvent */

/** Base of the client's errors. */
export class ChatError extends Error {
  get name() {
    return this.constructor.name;
  }
}

/** A node, or a check before anything was sent, refused a request; `code` says why. */
export class Refused extends ChatError {
  /** @param {string} code @param {string} text @param {string} [room] */
  constructor(code, text, room) {
    super(text);
    this.code = code;
    this.text = text;
    this.room = room;
  }
}

/** The nick is taken, or invalid. `account`: the password of its account is needed. */
export class NickRefused extends Refused {
  account = false;
}

/** No node could be reached. */
export class Unreachable extends ChatError {}

/** The reader of the iterator is 10,000 events behind. */
export class Overrun extends ChatError {}

/** The node ended the session, or wants no reconnection. `text` is a moderator's explanation. */
export class Ended extends ChatError {
  /** @param {string} reason @param {string} [text] */
  constructor(reason, text = "") {
    const meaning = REASONS.get(reason) ?? "no further explanation";
    const reported = text && ` The moderator says: ${text}`;
    super(`The node ended the connection (${reason}): ${meaning}.${reported}`);
    this.reason = reason;
    this.text = text;
  }
}

/** The code of the client's own error for a message that was perhaps stored, perhaps not. */
export const UNKNOWN = "unknown";
const NICK_CODES = ["nick-taken", "bad-nick"];
/** Seconds before a retry if the node does not say how many. */
const RETRY_AFTER = 1.0;

/**
 * Return the exception for an `error` event.
 * @param {ErrorEvent} error
 */
export function refusal(error) {
  if (!NICK_CODES.includes(error.code)) return new Refused(error.code, error.text, error.room);
  const found = new NickRefused(error.code, error.text, error.room);
  found.account = error.account === true;
  return found;
}

/**
 * Return whether the same request may succeed later.
 * @param {ErrorEvent} error
 */
export function isPassing(error) {
  // Only another nick helps, and a person has to choose it.
  if (NICK_CODES.includes(error.code)) return false;
  return CODES.get(error.code) ?? error.retry_after_ms != null;
}

/**
 * Return the seconds to wait before a retry.
 * @param {ErrorEvent} error
 */
export function retryAfter(error) {
  const after = error.retry_after_ms;
  return after == null ? RETRY_AFTER : Math.max(0, after) / 1000;
}

/**
 * Return the error for a message that is given up, and may have been stored.
 * @param {string} id @returns {ErrorEvent}
 */
export function unknownFate(id) {
  const text =
    "It is not known whether the message arrived, and it is too late to repeat it: it might be" +
    " sent twice.";
  return { type: "error", code: UNKNOWN, id, text };
}
