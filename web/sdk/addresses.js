/** The addresses of the nodes, their order, and the backoff between attempts. Pure. */

/** Longest pause in seconds before the second attempt; doubled for each later one. */
const FIRST_PAUSE = 0.1;
/** Longest pause in seconds between two attempts: a restarted node is found soon. */
export const LONGEST_PAUSE = 3.0;

/**
 * Return the WebSocket addresses of texts, in order and without duplicates. Relative ones, and the
 * default `/ws`, belong to the page. Throws a TypeError.
 * @param {string | string[]} texts @param {string} [base] the address of the page
 */
export function parseAddresses(texts = [], base) {
  const all = [texts].flat();
  const found = (all.length ? all : ["/ws"]).map((text) => {
    const { href } = new URL(text, base);
    if (!/^(http|ws)s?:/.test(href)) throw new TypeError(`not a WebSocket address: ${text}`);
    return href.replace(/^http/, "ws");
  });
  return [...new Set(found)];
}

/**
 * The addresses in turn, with exponential backoff and full jitter. After a connection that worked,
 * the next address is tried at once. Every later pause is random, so that the clients of a dead
 * node do not all reconnect at the same moment.
 */
export class Endpoints {
  #random;
  #next = 0;
  #failures = 0;

  /** @param {string[]} addresses @param {() => number} random */
  constructor(addresses, random) {
    this.addresses = addresses;
    this.#random = random;
  }

  /** Return the address to try now. */
  next() {
    const address = /** @type {string} */ (this.addresses[this.#next]);
    this.#next = (this.#next + 1) % this.addresses.length;
    return address;
  }

  /**
   * The seconds for a connection to open. They are few while other addresses were not tried since a
   * connection worked: a node that hangs accepts a connection, and says nothing.
   */
  get openWithin() {
    return this.#failures < this.addresses.length - 1 ? 2 : 6;
  }

  /** Count a failure and return the seconds to wait, at most `longest`. */
  pause(longest = LONGEST_PAUSE) {
    const failures = this.#failures++;
    if (failures === 0) return 0;
    return this.#random() * Math.min(longest, FIRST_PAUSE * 2 ** Math.min(failures, 30));
  }

  /** Reset the backoff: a connection lasted for a while. */
  worked() {
    this.#failures = 0;
  }
}
