/** The rooms of a session, and how far each room and the inbox were read. Pure. */

import { INBOX, ROOMS } from "./limits.js";

/** Positions per room that are recognised: more than the entries a node keeps by default. */
const REMEMBERED = 2000;
/** Members per room whose entering is remembered; nodes announce those of smaller rooms only. */
const MOST_ENTERED = 2000;

/**
 * The read state of one room, or of the inbox. A `quiet` room does not announce everybody who
 * enters; a `left` is shown there only for a member in `entered`.
 */
class RoomReadState {
  /** @type {string | null} */
  position = null;
  /** @type {Set<string>} */
  seen = new Set();
  quiet = false;
  /** @type {Set<string>} */
  entered = new Set();

  /** Mark an entry as delivered; return whether it is new. @param {string} position */
  read(position) {
    if (this.seen.has(position)) return false;
    this.seen.add(position);
    if (this.seen.size > REMEMBERED) {
      const [oldest] = this.seen;
      this.seen.delete(/** @type {string} */ (oldest));
    }
    this.position = position;
    return true;
  }
}

/** The rooms of a session in the order of joining, and its inbox. */
export class ReadState {
  wereEntered = false;
  /** @type {Map<string, string>} */
  #earlier;
  #inbox = new RoomReadState();
  /** @type {Map<string, RoomReadState>} */
  #rooms = new Map();

  /** @param {Record<string, string>} [positions] */
  constructor(positions = {}) {
    this.#earlier = new Map(Object.entries(positions));
    this.#inbox.position = this.#earlier.get(INBOX) ?? null;
    this.#earlier.delete(INBOX);
  }

  /** The rooms we are in. */
  get rooms() {
    return [...this.#rooms.keys()];
  }

  /** Return the last position read of each room, and of the inbox as `@`. */
  positions() {
    const known = new Map(this.#earlier);
    const states = new Map([[INBOX, this.#inbox], ...this.#rooms.entries()]);
    for (const [name, { position }] of states) if (position !== null) known.set(name, position);
    return Object.fromEntries(known);
  }

  /** Return the last position read of one room. @param {string} room */
  position(room) {
    return this.#state(room)?.position ?? null;
  }

  /**
   * Note that we joined or rejoined a room: its entries follow after that position. After a
   * handover the previous connection may have delivered more than that already.
   * @param {{room: string, position: string, quiet: boolean}} event
   */
  enter(event) {
    this.wereEntered = true;
    this.#earlier.delete(event.room);
    const state = this.#rooms.get(event.room) ?? new RoomReadState();
    this.#rooms.set(event.room, state);
    state.read(event.position);
    state.quiet = event.quiet;
  }

  /** Return whether a node may put us into a room that we did not ask for. @param {string} room */
  mayEnter(room) {
    return this.#rooms.has(room) || this.#rooms.size < ROOMS;
  }

  /** Note that we left a room, and forget its read state. @param {string} room */
  leave(room) {
    this.#rooms.delete(room);
    this.#earlier.delete(room);
  }

  /**
   * Mark an entry of a room (`@`: the inbox) as delivered; return whether it is new. Entries of
   * rooms that we are not in are not.
   * @param {string} room @param {string} position
   */
  deliver(room, position) {
    return this.#state(room)?.read(position) ?? false;
  }

  /** Note that a member's entering was announced. @param {string} room @param {string} nick */
  sawEnter(room, nick) {
    const entered = this.#rooms.get(room)?.entered;
    if (entered && entered.size < MOST_ENTERED) entered.add(nick);
  }

  /**
   * Note that a member left; return whether to show it.
   * @param {string} room @param {string} nick
   */
  sawLeave(room, nick) {
    const state = this.#rooms.get(room);
    if (!state) return true;
    const announced = state.entered.delete(nick);
    return announced || !state.quiet;
  }

  /** Note a member's new nick. @param {string} room @param {string} old @param {string} next */
  sawRename(room, old, next) {
    const state = this.#rooms.get(room);
    if (state?.entered.delete(old)) state.entered.add(next);
  }

  /** @param {string} room */
  #state(room) {
    return room === INBOX ? this.#inbox : this.#rooms.get(room);
  }
}
