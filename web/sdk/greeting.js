/** Makes the hello of each connection: identity, rooms and positions. Pure. */

import { fold } from "./names.js";

/** @typedef {import("./types.js").Request} Request */

/** The `ref` of every hello: it marks the answers to a hello. */
export const HELLO = "hello";

/** Makes hellos; without `rooms` the node chooses the room of a new session. */
export class Greeting {
  attempt = 0;
  #token;
  /** Rooms asked for and not yet answered, by their folded names; null: none were named. */
  #wanted;

  /**
   * @param {import("./types.js").Identity} identity
   * @param {{rooms?: string[], token?: string, password?: string}} options
   */
  constructor(identity, { rooms, token, password }) {
    this.identity = identity;
    this.password = password;
    this.#token = token;
    this.#wanted = rooms ? byName(rooms) : null;
  }

  /** Whether a node has answered for each of the rooms asked for. */
  get isAnswered() {
    return !this.#wanted?.size;
  }

  /** Ask for other rooms. @param {string[]} rooms */
  want(rooms) {
    this.#wanted = byName(rooms);
  }

  /** Note that a room was joined or refused: later hellos need not ask. @param {string} room */
  answered(room) {
    this.#wanted?.delete(fold(room));
  }

  /**
   * Return the rooms that a hello names; null: none were named, and the node chooses.
   * @param {import("./read_state.js").ReadState} readState @param {Set<string>} leaving
   */
  rooms(readState, leaving) {
    const rooms = readState.rooms.filter((room) => !leaving.has(fold(room)));
    const known = new Set(rooms.map(fold));
    for (const [name, room] of this.#wanted ?? []) {
      if (!known.has(name) && !leaving.has(name)) rooms.push(room);
    }
    return this.#wanted || rooms.length || readState.wereEntered ? rooms : null;
  }

  /**
   * Return a hello with all our rooms, except those that are being left (folded names).
   * @param {string | null | undefined} nick @param {number} nowMs
   * @param {import("./read_state.js").ReadState} readState @param {Set<string>} leaving
   * @returns {Request}
   */
  hello(nick, nowMs, readState, leaving) {
    // The clock may have been set back; the node accepts no attempt below the last one.
    this.attempt = Math.max(this.attempt + 1, nowMs);
    const rooms = this.rooms(readState, leaving);
    const positions = readState.positions();
    return {
      type: "hello",
      ref: HELLO,
      ...(nick != null && { nick }),
      key: this.identity.key,
      attempt: this.attempt,
      ...(rooms && { rooms }),
      ...(Object.keys(positions).length && { positions }),
      ...(this.#token != null && { token: this.#token }),
      ...(this.password != null && { password: this.password }),
    };
  }
}

/** @param {string[]} rooms */
function byName(rooms) {
  return new Map(rooms.map((room) => [fold(room), room]));
}
