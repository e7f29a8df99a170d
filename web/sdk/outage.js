/** How long the client has been without a node, and when it gives up. Pure. */

import { Unreachable } from "./errors.js";

/** The time without a node: after the start, and after each lost connection. */
export class Outage {
  #patience;
  /** @type {number | null} */
  #since;
  #wasTold = false;

  /** @param {number | null} patience seconds it may last; null: no limit @param {number} now */
  constructor(patience, now) {
    this.#patience = patience;
    this.#since = now;
  }

  /** Note that the connection is lost. @param {number} now */
  begin(now) {
    this.#since = now;
  }

  /** Note that a node has welcomed us. */
  end() {
    this.#since = null;
    this.#wasTold = false;
  }

  /** Return whether this outage was not reported yet; the caller reports it now. */
  isNews() {
    const wasTold = this.#wasTold;
    this.#wasTold = true;
    return !wasTold;
  }

  /**
   * Return a pause, limited to what is left of the patience. Throws Unreachable.
   * @param {number} pause @param {string} why @param {number} now
   */
  bounded(pause, why, now) {
    if (this.#patience === null || this.#since === null) return pause;
    const left = this.#since + this.#patience - now;
    if (left > 0) return Math.min(pause, left);
    throw new Unreachable(`No node could be reached; the last one tried: ${why}.`);
  }
}
