/** One connection to a node as lines, and what the client knows of it. */

import { Keepalive } from "./keepalive.js";

/** @typedef {import("./types.js").Request} Request */
/** @typedef {import("./types.js").Surroundings} Surroundings */
/** @typedef {(lines: string[]) => void} TakeLines */

/** Seconds after which a connection counts as one that worked. */
const STEADY_AFTER = 5.0;

/**
 * Open a connection; throws an Error with the reason.
 * @param {Surroundings} surroundings @param {string} address
 * @param {number} within seconds for it
 * @param {(link: Link) => void} [opening] gets the link at once, to end it early
 */
export async function dial(surroundings, address, within, opening) {
  const link = new Link(surroundings.open(address));
  opening?.(link);
  const cancel = surroundings.later(within, () => link.end("it does not answer"));
  try {
    await Promise.race([
      link.opened,
      link.closed.then((why) => {
        throw new Error(why);
      }),
    ]);
  } finally {
    cancel();
  }
  return link;
}

/** A WebSocket whose lines are held until somebody reads them. */
export class Link {
  /** @type {string[]} */
  #held = [];
  /** @type {TakeLines | null} */
  #take = null;
  #isOver = false;
  #socket;

  /** @param {WebSocket} socket */
  constructor(socket) {
    this.#socket = socket;
    /** @type {Promise<void>} */
    this.opened = new Promise((resolve) => (socket.onopen = () => resolve()));
    /**
     * The reason, once the connection has ended; fails with a bug of whoever reads.
     * @type {Promise<string>}
     */
    this.closed = new Promise((resolve, reject) => {
      this.close = resolve;
      this.fail = reject;
    });
    this.closed.catch(() => {});
    socket.onmessage = ({ data }) => this.#received(data);
    socket.onclose = ({ code, reason }) => {
      this.end(`the connection ${reason ? `ended: ${reason}` : `is lost (${code})`}`);
    };
  }

  /** Pass the lines to a function from now on. @param {TakeLines} take */
  read(take) {
    this.#take = take;
    const held = this.#held.splice(0);
    if (held.length) this.#pass(held);
  }

  /** Send requests, if the connection is still open. @param {Request[]} requests */
  write(requests) {
    if (this.#isOver || this.#socket.readyState !== 1) return;
    for (const request of requests) this.#socket.send(JSON.stringify(request));
  }

  /** End the connection at once; nothing more is read from it. @param {string} why */
  end(why) {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#socket.close();
    this.close?.(why);
  }

  /** @param {unknown} data */
  #received(data) {
    if (typeof data !== "string") return this.end("the node does not speak the protocol");
    const lines = data.split("\n").filter(Boolean);
    if (this.#take) this.#pass(lines);
    else this.#held.push(...lines);
  }

  /** @param {string[]} lines */
  #pass(lines) {
    if (this.#isOver) return;
    try {
      this.#take?.(lines);
    } catch (bug) {
      this.fail?.(bug);
      this.end("internal error of the client");
    }
  }
}

/** A link with its keepalive and the address of its node. */
export class ActiveLink {
  /** @type {import("./types.js").Disconnect | null} */
  disconnect = null;
  /** @type {number | null} */
  #welcomedAt = null;
  /** @type {Promise<void> | null} */
  #queue = null;
  #prepare;

  /**
   * @param {Link} link @param {string} address @param {number} now
   * @param {(requests: Request[]) => Promise<void> | null} prepare what has to be done first
   */
  constructor(link, address, now, prepare) {
    this.link = link;
    this.address = address;
    this.keepalive = new Keepalive(now);
    this.#prepare = prepare;
  }

  /** Send requests, in order. @param {Request[]} requests @param {number} now */
  write(requests, now) {
    if (!requests.length) return;
    this.keepalive.asked(now);
    const prepared = this.#prepare(requests);
    if (!prepared && !this.#queue) return this.link.write(requests);
    const queue = Promise.all([this.#queue, prepared]).then(() => {
      this.link.write(requests);
      if (this.#queue === queue) this.#queue = null;
    });
    this.#queue = queue;
  }

  /** Note that the node has begun or resumed the session here. @param {number} now */
  welcomed(now) {
    this.#welcomedAt = now;
    this.keepalive.welcomed();
  }

  /** Whether the session has been live on this connection. */
  get wasWelcomed() {
    return this.#welcomedAt !== null;
  }

  /** Whether it has been live for long enough to count as a success. @param {number} now */
  hasLasted(now) {
    return this.#welcomedAt !== null && now - this.#welcomedAt >= STEADY_AFTER;
  }

  /**
   * End the connection and note what to do next.
   * @param {import("./types.js").Disconnect} disconnect @param {string} why
   */
  leave(disconnect, why) {
    this.disconnect = disconnect;
    this.link.end(why);
  }
}
