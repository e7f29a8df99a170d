/** Messages that are not acknowledged yet, in order. Pure. */

import { isPassing, retryAfter } from "./errors.js";
import { ANSWER_WITHIN, REPEAT_WITHIN } from "./limits.js";

/** @typedef {import("./types.js").Request} Request */
/** @typedef {import("./types.js").ErrorEvent} ErrorEvent */
/**
 * A message on its way. `doubtfulSince`: when it was first written without a clear answer.
 * @typedef {{message: Request, writtenAt: number | null, doubtfulSince: number | null,
 *   faults: number}} Outgoing
 */

/** Answers of `internal` before the message itself is taken as the cause. */
export const MOST_FAULTS = 3;
/** Seconds for which the nodes are sure to recognise a repeated message by its id. */
export const DOUBTFUL_AFTER = REPEAT_WITHIN - 2 * ANSWER_WITHIN;

/**
 * Holds messages until they are acknowledged or finally refused. `window` is how many may be on
 * the wire at once; with 1 the author's order is always kept.
 */
export class Outbox {
  /** @type {Map<string, Outgoing>} */
  #waiting = new Map();
  /** @type {number | null} */
  #heldUntil = null;
  #window;

  constructor(window = 1) {
    this.#window = window;
  }

  get size() {
    return this.#waiting.size;
  }

  /** Whether an answer is awaited. */
  get inFlight() {
    return this.#front().some((entry) => entry.writtenAt !== null);
  }

  /** When to call `due` again, if no answer comes before. */
  get wakeAt() {
    return this.size ? this.#heldUntil : null;
  }

  /** The messages in order. `state` is `waiting`, `written` or, if perhaps stored, `doubtful`. */
  get list() {
    return Array.from(this.#waiting, ([id, { message, writtenAt, doubtfulSince }]) => {
      const state =
        writtenAt !== null ? "written" : doubtfulSince !== null ? "doubtful" : "waiting";
      return { id, message, state };
    });
  }

  /** Put a message behind the others. @param {string} id @param {Request} message */
  add(id, message) {
    this.#waiting.set(id, { message, writtenAt: null, doubtfulSince: null, faults: 0 });
  }

  /**
   * Put messages of an earlier page before the others. A moment in the future means that the clock
   * was set back: it counts as too long ago.
   * @param {import("./types.js").Waiting[]} kept @param {number} now
   */
  restore(kept, now) {
    const later = this.#waiting;
    this.#waiting = new Map();
    for (const { id, message, since } of kept) {
      this.add(id, message);
      const entry = /** @type {Outgoing} */ (this.#waiting.get(id));
      entry.doubtfulSince = since !== null && since > now ? -Infinity : since;
    }
    for (const [id, entry] of later) this.#waiting.set(id, entry);
  }

  /** Return the messages to write now. @param {number} now */
  due(now) {
    if (this.#heldUntil !== null && now < this.#heldUntil) return [];
    this.#heldUntil = null;
    const entries = this.#front().filter((entry) => entry.writtenAt === null);
    for (const entry of entries) entry.writtenAt = now;
    return entries.map((entry) => entry.message);
  }

  /** Remove an acknowledged message. @param {string} id */
  settle(id) {
    this.#waiting.delete(id);
  }

  /**
   * Handle the refusal of the message `error.id`; return whether it is final. If not, this message
   * and those behind it wait for the time that the node asks for.
   * @param {ErrorEvent} error @param {number} now
   */
  refuse(error, now) {
    const entry = this.#waiting.get(error.id);
    if (!entry) return true;
    if (!isPassing(error) || entry.faults >= MOST_FAULTS) {
      this.#waiting.delete(error.id);
      return true;
    }
    if (error.code === "internal") entry.faults += 1;
    if (error.code !== "rate-limited") doubt(entry);
    entry.writtenAt = null;
    this.#heldUntil = Math.max(this.#heldUntil || now, now + retryAfter(error));
    return false;
  }

  /** Write what was on the wire again, on the next connection. */
  disconnected() {
    for (const entry of this.#front()) {
      doubt(entry);
      entry.writtenAt = null;
    }
  }

  /**
   * Remove messages that can no longer be repeated safely, and return their ids: the nodes
   * recognise a repeat by its id for some minutes only.
   * @param {number} now
   */
  expire(now) {
    const gone = [];
    for (const [id, { writtenAt, doubtfulSince }] of this.#waiting) {
      if (writtenAt === null && doubtfulSince !== null && now - doubtfulSince > DOUBTFUL_AFTER) {
        this.#waiting.delete(id);
        gone.push(id);
      }
    }
    return gone;
  }

  /** @returns {Outgoing[]} */
  #front() {
    return [...this.#waiting.values()].slice(0, this.#window);
  }
}

/** @param {Outgoing} entry */
function doubt(entry) {
  entry.doubtfulSince ??= entry.writtenAt;
}
