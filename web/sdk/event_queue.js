/** A bounded queue of events for whoever iterates over the chat. */

import { Overrun } from "./errors.js";

/** @typedef {import("./types.js").ChatEvent} ChatEvent */

/** Events that are kept while nobody iterates: the newest ones. */
const MOST_KEPT = 1000;
/** Events that may wait for whoever iterates; a browser cannot read from the node more slowly. */
const MOST_WAITING = 10_000;

export class EventQueue {
  hasEnded = false;
  /** @type {Error | null} */
  failure = null;
  /** @type {ChatEvent[]} */
  #waiting = [];
  #isRead = false;
  #isOverrun = false;
  /** @type {(() => void) | null} */
  #news = null;

  /** @param {ChatEvent} event */
  put(event) {
    this.#waiting.push(event);
    if (!this.#isRead) {
      if (this.#waiting.length > MOST_KEPT) this.#waiting.shift();
    } else if (this.#waiting.length >= MOST_WAITING) {
      this.#isOverrun = true;
      this.#stop();
    }
    this.#news?.();
  }

  /**
   * End the queue: the reader gets the rest, and then the failure.
   * @param {Error | null} failure
   */
  end(failure) {
    this.hasEnded = true;
    this.failure = failure;
    this.#news?.();
  }

  /** Iterate until the end. Throws what `end` got, or Overrun. */
  async *take() {
    this.#isRead = true;
    this.#isOverrun = false;
    try {
      for (;;) {
        while (this.#waiting.length && !this.#isOverrun) {
          yield /** @type {ChatEvent} */ (this.#waiting.shift());
        }
        if (this.#isOverrun) throw new Overrun(`${MOST_WAITING} events wait for the reader.`);
        if (this.hasEnded) break;
        await new Promise((resolve) => (this.#news = () => resolve(null)));
      }
    } finally {
      this.#stop();
    }
    if (this.failure) throw this.failure;
  }

  /** Note that nobody reads. */
  #stop() {
    this.#isRead = false;
    this.#waiting.splice(0, this.#waiting.length - MOST_KEPT);
  }
}
