/** Opens connections to the nodes, and asks why one did not let us in. */

import { disconnect } from "./effects.js";
import { dial } from "./link.js";

/** @typedef {import("./link.js").Link} Link */
/** @typedef {[import("./types.js").Disconnect, string]} NotOpened what to do next, and why */

/** How to connect to an address. */
export class Connector {
  #surroundings;
  /** @type {Link | null} */
  #opening = null;
  #isStopped = false;
  #hasFailed = false;

  /** @param {import("./types.js").Surroundings} surroundings */
  constructor(surroundings) {
    this.#surroundings = surroundings;
  }

  /**
   * Connect to an address; after a failure, ask the node first whether it would let us in.
   * @param {string} address @param {number} within seconds for it
   * @returns {Promise<Link | NotOpened>}
   */
  async open(address, within) {
    const refused = this.#hasFailed ? await this.#whyNot(address) : null;
    if (refused) return refused;
    try {
      const link = await dial(this.#surroundings, address, within, (opening) => {
        this.#opening = opening;
        if (this.#isStopped) this.stop();
      });
      this.#hasFailed = false;
      return link;
    } catch (error) {
      this.#hasFailed = true;
      return [disconnect(true), `${address}: ${/** @type {Error} */ (error).message}`];
    } finally {
      this.#opening = null;
    }
  }

  /** Give up a connection that is being opened, and all later ones. */
  stop() {
    this.#isStopped = true;
    this.#opening?.end("the chat is closed");
  }

  /** @param {string} address @returns {Promise<NotOpened | null>} */
  async #whyNot(address) {
    const answer = await this.#surroundings.whyNot(address);
    const text = answer?.text.trim() ?? "";
    if (answer?.status === 503) return [disconnect(true, { after: answer.after || 1 }), text];
    if (answer?.status !== 403 && answer?.status !== 400) return null;
    const refusal = { type: "error", code: `http-${answer.status}`, text };
    return [disconnect(false, { refusal }), text];
  }
}
