/** The handover to another node over a second connection, while the first one still works. */

import { decode, isKnown } from "./decode.js";
import { HELLO } from "./greeting.js";
import { ActiveLink, dial } from "./link.js";
import { pong } from "./session.js";

/** @typedef {import("./types.js").ChatEvent} ChatEvent */
/** @typedef {import("./types.js").Request} Request */
/**
 * `arrive` gets the new connection, its welcome, and the lines behind it; `stay` gets the requests
 * that waited for a node that did not welcome us.
 * @typedef {{session: import("./session.js").Session,
 *   endpoints: import("./addresses.js").Endpoints,
 *   surroundings: import("./types.js").Surroundings,
 *   activate: (link: import("./link.js").Link, address: string) => ActiveLink,
 *   arrive: (following: ActiveLink, welcome: ChatEvent, rest: string[]) => void,
 *   stay: (requests: Request[]) => void}} Parts
 */

/** Seconds to wait for answers of the present node before the session moves. */
const ANSWERED_WITHIN = 1.0;
/** Seconds for the next node to welcome us; new requests wait for as long. */
const NEXT_WELCOME_WITHIN = 2.0;
/** A pause between two attempts takes at most this part of the whole time. */
const PAUSES = 4;

/** Tries one node after the other until one welcomes us or the time is up. */
export class Handover {
  isOver = false;
  #parts;
  /** @type {Set<() => void>} what to call when it is cancelled */
  #cancels = new Set();
  #isCancelled = false;
  /** @type {(() => void) | null} */
  #quiet = null;
  /** @type {Promise<boolean> | null} */
  #outcome = null;

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /** Stop at once. */
  cancel() {
    this.#isCancelled = true;
    for (const cancel of this.#cancels) cancel();
  }

  /** Note that the present node has answered something. */
  stir() {
    if (this.#parts.session.mayHandOver) this.#quiet?.();
  }

  /** Wait for the outcome of a hello that was sent. */
  async settled() {
    await this.#outcome;
  }

  /** @param {number} seconds the limit */
  async run(seconds) {
    const { session, endpoints, surroundings, activate, stay } = this.#parts;
    const end = surroundings.now() + seconds;
    for (;;) {
      // After many moves in a row, as at a rolling restart, the backoff outlasts a drain.
      const pause = endpoints.pause(seconds / PAUSES);
      await this.#sleep(Math.min(pause, end - surroundings.now()));
      if (this.#isCancelled || surroundings.now() >= end) break;
      const address = endpoints.next();
      const link = await dial(surroundings, address, endpoints.openWithin).catch(() => null);
      if (!link) continue;
      if (await this.#isWelcome(activate(link, address))) break;
      link.end("the node did not welcome us");
      if (this.#isCancelled) break;
      stay(session.handoverFailed());
    }
    this.isOver = true;
  }

  /**
   * Send a hello over a connection; return whether the node welcomed us.
   * @param {ActiveLink} next
   */
  async #isWelcome(next) {
    const { session, surroundings } = this.#parts;
    if (!session.mayHandOver) {
      // After that, the requests are repeated there; a second answer may differ.
      await this.#sleep(ANSWERED_WITHIN, (over) => (this.#quiet = over));
      this.#quiet = null;
    }
    if (this.#isCancelled) return false;
    this.#outcome = new Promise((resolve) => {
      const settle = (/** @type {boolean} */ outcome) => {
        cancel();
        this.#cancels.delete(fail);
        resolve(outcome);
      };
      const fail = () => settle(false);
      const cancel = surroundings.later(NEXT_WELCOME_WITHIN, fail);
      this.#cancels.add(fail);
      next.link.closed.then(fail, fail);
      next.link.read(this.#reader(next, settle));
      next.write([session.handoverHello(surroundings.wallMs())], surroundings.now());
    });
    return this.#outcome;
  }

  /**
   * Handle what the next node sends before its welcome.
   * @param {ActiveLink} next @param {(outcome: boolean) => void} settle
   */
  #reader(next, settle) {
    let isOver = false;
    const finish = (/** @type {boolean} */ outcome) => {
      isOver = true;
      settle(outcome);
    };
    return (/** @type {string[]} */ lines) => {
      for (const [number, line] of lines.entries()) {
        if (isOver) return;
        const event = decode(line);
        if (!event) finish(false);
        else if (!isKnown(event)) continue;
        else if (event.type === "welcome") {
          finish(true);
          this.#parts.arrive(next, event, lines.slice(number + 1));
        } else if (event.type === "ping") {
          next.write([pong(event.ref)], this.#parts.surroundings.now());
        } else if (
          event.type === "bye" ||
          (event.type === "error" && event.ref === HELLO && event.room == null)
        ) {
          finish(false);
        }
      }
    };
  }

  /**
   * @param {number} seconds
   * @param {(over: () => void) => void} [expose] gets what ends it early
   */
  #sleep(seconds, expose) {
    return new Promise((resolve) => {
      const over = () => {
        cancel();
        this.#cancels.delete(over);
        resolve(null);
      };
      const cancel = this.#parts.surroundings.later(seconds, over);
      this.#cancels.add(over);
      expose?.(over);
    });
  }
}
