/** Received events on their way to the program, and the answers to its requests. */

import { ChatError, isPassing, refusal } from "./errors.js";
import { EventQueue } from "./event_queue.js";

/** @typedef {import("./types.js").ChatEvent} ChatEvent */
/** @typedef {import("./types.js").Received} Received */
/** @typedef {(received: Received) => void} Listener */

/** Settles the requests of a session, and passes its events on. */
export class Incoming {
  queue = new EventQueue();
  /** @type {Map<string, {resolve: (event: any) => void, reject: (error: Error) => void}>} */
  #pending = new Map();
  /** @type {Set<Listener>} */
  #listeners = new Set();
  #isReady = false;
  #session;

  /** @param {import("./session.js").Session} session */
  constructor(session) {
    this.#session = session;
    /** @type {Promise<void>} */
    this.ready = this.#expect("");
  }

  /**
   * Return a promise of the answer to a request (its `ref`) or message (its `id`).
   * @param {string} name @returns {Promise<any>}
   */
  expect(name) {
    if (this.queue.hasEnded) return counted(Promise.reject(this.#reason()));
    return this.#expect(name);
  }

  /** @param {string} name @returns {Promise<any>} */
  #expect(name) {
    return counted(new Promise((resolve, reject) => this.#pending.set(name, { resolve, reject })));
  }

  /** Pass every event on, at once; returns what ends it. @param {Listener} listener */
  listen(listener) {
    const own = /** @type {Listener} */ ((received) => listener(received));
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** @param {ChatEvent} event @param {Partial<Omit<Received, "event">>} [effect] */
  put(event, { show = true, settled = null, end = false } = {}) {
    if (settled) this.#settle(settled, event);
    if (!this.#isReady) this.#judgeReady(event);
    if (show) this.queue.put(event);
    for (const listener of this.#listeners) {
      try {
        listener({ event, show, settled, end });
      } catch (bug) {
        // It is the listener's; the connection goes on.
        queueMicrotask(() => {
          throw bug;
        });
      }
    }
  }

  /** End everything that is awaited. @param {Error | null} failure null: the program closed it */
  end(failure) {
    if (this.queue.hasEnded) return;
    this.queue.end(failure);
    for (const { reject } of this.#pending.values()) reject(this.#reason());
    this.#pending.clear();
  }

  /** @param {ChatEvent} event */
  #judgeReady(event) {
    const error = /** @type {import("./types.js").ErrorEvent} */ (event);
    const isRefused = event.type === "error" && event.room != null && !isPassing(error);
    if (!isRefused && !this.#session.isReady) return;
    this.#isReady = true;
    this.#settle("", event);
  }

  /** @param {string} name @param {ChatEvent} event */
  #settle(name, event) {
    const pending = this.#pending.get(name);
    this.#pending.delete(name);
    if (event.type === "error") {
      pending?.reject(refusal(/** @type {import("./types.js").ErrorEvent} */ (event)));
    } else {
      pending?.resolve(name ? event : undefined);
    }
  }

  #reason() {
    return this.queue.failure ?? new ChatError("The chat is closed.");
  }
}

/**
 * Avoid the report of a rejection that nobody handles: it is among the events as well.
 * @template T @param {Promise<T>} promise
 */
function counted(promise) {
  promise.catch(() => {});
  return promise;
}
