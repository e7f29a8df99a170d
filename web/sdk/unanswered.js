/** Requests that are not answered yet; messages are in the outbox. Pure. */

import { fold } from "./names.js";

/** @typedef {import("./types.js").Request} Request */

/**
 * Keeps requests by their `ref` until they are answered, to repeat them after a reconnect. During a
 * handover, new requests are held back until it is known which node gets them.
 */
export class Unanswered {
  /** @type {Map<string, Request>} */
  #requests = new Map();
  /** @type {Request[] | null} */
  #held = null;

  get size() {
    return this.#requests.size;
  }

  /**
   * Keep a request; return whether it may be written now.
   * @param {string} ref @param {Request} request
   */
  add(ref, request) {
    this.#requests.set(ref, request);
    this.#held?.push(request);
    return this.#held === null;
  }

  /** Return the request with this `ref`, if it is one of ours. @param {string} [ref] */
  get(ref) {
    return this.#requests.get(ref ?? "");
  }

  /** Return all of them, oldest first. */
  all() {
    return [...this.#requests.values()];
  }

  /**
   * Forget the request that an event answers; return its `ref`, null if there is none.
   * @param {import("./types.js").ChatEvent} event
   */
  settle({ ref }) {
    return ref !== undefined && this.#requests.delete(ref) ? ref : null;
  }

  /** Return the folded names of rooms that we asked to leave. */
  roomsBeingLeft() {
    return new Set(this.all().flatMap((ask) => (ask.type === "leave" ? [fold(ask.room)] : [])));
  }

  /** Hold back what is asked from now on. */
  hold() {
    this.#held = [];
  }

  /** Stop holding back; return the requests that were held. */
  release() {
    const held = this.#held ?? [];
    this.#held = null;
    return held;
  }
}
