/** The chat's client for programs: `connect`, the chat that it returns, and the errors. */

import { Endpoints, parseAddresses } from "./addresses.js";
import { Refused } from "./errors.js";
import { Incoming } from "./incoming.js";
import { Keeping } from "./keeping.js";
import { LINE } from "./limits.js";
import { ReconnectingLink } from "./reconnect.js";
import { Session } from "./session.js";
import { surroundings as own } from "./surroundings.js";
import { byteLength, check } from "./text.js";

export { ChatError, Ended, NickRefused, Overrun, Refused, Unreachable } from "./errors.js";

/** @typedef {import("./types.js").ChatEvent} ChatEvent */
/** @typedef {import("./types.js").Request} Request */

/** Seconds for the node to answer a quit. */
const QUIT_WITHIN = 2.0;

/**
 * Connect to a node, or to one of several, and stay connected.
 *
 * Addresses are `wss://HOST/ws`; the default is the `/ws` of the page. Options:
 * - `nick`, and `rooms`, which are created where missing (without them: `general`);
 * - `token` of the nodes, `password` of the nick's account;
 * - `key`, the secret of the session. With the key and the `positions` of an earlier chat, this one
 *   continues its session, and `close` does not end it;
 * - `patience`: seconds without any node before it fails with Unreachable; null: never;
 * - `rename`: gets a NickRefused, and returns a promise of another nick;
 * - `window`: messages on the wire at once; more than 1 is faster, and may change their order;
 * - `store` keeps session and outbox over a reload; see types.d.ts;
 * - `surroundings`: clocks, timers and connections.
 *
 * Throws a TypeError for an invalid address.
 * @param {string | string[]} [addresses] @param {import("./types.js").Options} [options]
 */
export function connect(addresses, options = {}) {
  return new Chat(addresses, options);
}

/** A session that is kept connected. Iterating over it gives the events, each once and in order. */
export class Chat {
  #session;
  #link;
  #incoming;
  #surroundings;
  #keeping;
  #stays;

  /**
   * @param {string | string[] | undefined} addresses
   * @param {import("./types.js").Options} options
   */
  constructor(addresses, options) {
    const { key, store, patience = 60, rename, surroundings = own(), ...rest } = options;
    const identity = { key: key ?? surroundings.secret(16), prefix: `${surroundings.secret(4)}-` };
    encode({ type: "hello", ...identity, ...rest });
    const endpoints = new Endpoints(parseAddresses(addresses, surroundings.base), () =>
      surroundings.random(),
    );
    const session = new Session(identity, rest);
    const incoming = new Incoming(session);
    const keeping = new Keeping(store, session);
    this.#session = session;
    this.#incoming = incoming;
    this.#keeping = keeping;
    this.#surroundings = surroundings;
    this.#stays = key != null;
    const parts = { session, endpoints, surroundings, incoming, keeping, patience, rename };
    this.#link = new ReconnectingLink(parts);
    /**
     * What ended the chat, once it has ended; null: it was closed.
     * @type {Promise<Error | null>}
     */
    this.ended = this.#link.run().then(
      () => null,
      (error) => error,
    );
    this.ended.then((error) => incoming.end(error));
  }

  // State

  /** Our nick, as the nodes write it. */
  get nick() {
    return this.#session.nick ?? "";
  }

  /** The name of the present or last node. */
  get node() {
    return this.#session.node;
  }

  /** The rooms we are in, in the order of entering. */
  get rooms() {
    return this.#session.readState.rooms;
  }

  /** The last position read of each room (`@`: the inbox), for a later `connect`. */
  get positions() {
    return this.#session.readState.positions();
  }

  /** Whether the session is live on a node. */
  get isConnected() {
    return this.#session.state === "live";
  }

  /** What ended the chat; null if it goes on, or was closed. */
  get failure() {
    return this.#incoming.queue.failure;
  }

  /** The outbox, in order: `id`, `message`, and `state`: `waiting`, `written` or `doubtful`. */
  get waiting() {
    return this.#session.outbox.list;
  }

  /** Wait until the session is live and all rooms are joined. Fails with a ChatError. */
  ready() {
    return this.#incoming.ready;
  }

  /**
   * End the connection, and the session too, unless it was begun with a `key`.
   * @param {{quit?: boolean}} [options]
   */
  async close({ quit = !this.#stays } = {}) {
    if (quit && this.isConnected) {
      this.#link.quit();
      /** @type {() => void} */
      let cancel = () => {};
      const late = new Promise((resolve) => {
        cancel = this.#surroundings.later(QUIT_WITHIN, () => resolve(null));
      });
      await Promise.race([this.ended, late]);
      cancel();
    }
    this.#link.stop();
    this.#incoming.end(null);
  }

  // Events

  /**
   * Call a function with each event, in order and at once; return what ends that. `show` is false
   * for what is of no interest to a reader: seen before, or of an unknown type. `settled` is the id
   * or `ref` that the event answers. `end`: it ends the connection.
   * @param {import("./incoming.js").Listener} listener
   */
  listen(listener) {
    return this.#incoming.listen(listener);
  }

  /** Iterate over the events until the chat is closed. Throws what ended it otherwise. */
  [Symbol.asyncIterator]() {
    return this.#incoming.queue.take();
  }

  // The two kinds of requests; each method below is one of them

  /**
   * Put a message, `{room, text}` or `{to, text}`, into the outbox. Messages are sent in the order
   * of posting, also over a lost connection. Throws Refused for a text that no node would take.
   * @param {{room?: string, to?: string, text: string, kind?: string, id?: string}} message
   * @returns {{id: string, settled: Promise<ChatEvent>}}
   */
  post(message) {
    const wrong = check(message.text);
    if (wrong) throw new Refused(...wrong);
    const request = { ...message, type: message.to == null ? "send" : "direct" };
    encode(request);
    const posted = this.#session.post(request);
    const settled = this.#incoming.expect(posted.id);
    this.#keeping.posted(posted);
    this.#link.stir();
    return { id: posted.id, settled };
  }

  /**
   * Make a request other than a message.
   * @param {Request} request @returns {{ref: string, settled: Promise<ChatEvent>}}
   */
  ask(request) {
    encode(request);
    const [ref, write] = this.#session.ask(request);
    const settled = this.#incoming.expect(ref);
    this.#link.write(write);
    this.#link.stir();
    return { ref, settled };
  }

  // Requests: each returns a promise of the answer, or fails with Refused

  /** @param {string} room @param {string} text @param {{kind?: string}} [options] */
  async send(room, text, options) {
    return this.post({ room, text, ...options }).settled;
  }

  /** @param {string} to @param {string} text @param {{kind?: string}} [options] */
  async direct(to, text, options) {
    return this.post({ to, text, ...options }).settled;
  }

  /** @param {string} room @param {{history?: number}} [options] how many past messages */
  async join(room, options) {
    return this.ask({ type: "join", room, ...options }).settled;
  }

  /** @param {string} room */
  async create(room) {
    return this.ask({ type: "create", room }).settled;
  }

  /** @param {string} room */
  async leave(room) {
    return this.ask({ type: "leave", room }).settled;
  }

  /** @param {string} nick @param {{password?: string}} [options] of the nick's account */
  async rename(nick, options) {
    return this.ask({ type: "nick", nick, ...options }).settled;
  }

  /**
   * The newest messages of a room, or those before or after a position, oldest first.
   * @param {string} room @param {{before?: string, after?: string, limit?: number}} [options]
   */
  async history(room, options) {
    return this.ask({ type: "history", room, ...options }).settled;
  }

  /** A page of members; `more`: there is another one, `after` its last nick.
   * @param {string} room @param {{after?: string}} [options] */
  async members(room, options) {
    return this.ask({ type: "members", room, ...options }).settled;
  }

  /** A page of all rooms, likewise. @param {{after?: string}} [options] */
  async listRooms(options) {
    return this.ask({ type: "rooms", ...options }).settled;
  }
}

/** Throws Refused for a request that would end the connection. @param {Request} request */
function encode(request) {
  const line = JSON.stringify(request, (_, value) => {
    if (typeof value !== "string" || !/\p{Cs}/u.test(value)) return value;
    throw new Refused("bad-request", "The request contains a lone surrogate.");
  });
  if (byteLength(line) > LINE) {
    throw new Refused("line-too-long", `A request is at most ${LINE} bytes long.`);
  }
}
