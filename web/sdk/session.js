/**
 * The state machine of a client's session. Pure: events go in, requests come out. Which events a
 * state accepts is a table at the end of the class.
 */

import { disconnect, effect } from "./effects.js";
import { isPassing, retryAfter, unknownFate } from "./errors.js";
import { Greeting, HELLO } from "./greeting.js";
import { INBOX } from "./limits.js";
import { Outbox } from "./outbox.js";
import { ReadState } from "./read_state.js";
import { Unanswered } from "./unanswered.js";

/** @typedef {import("./types.js").ChatEvent} ChatEvent */
/** @typedef {import("./types.js").ErrorEvent} ErrorEvent */
/** @typedef {import("./types.js").Effect} Effect */
/** @typedef {import("./types.js").Request} Request */
/** @typedef {"away" | "greeting" | "live" | "over"} State */
/** @typedef {(session: Session, event: any, now: number) => Effect} Handler */

/** The client's side of a session, over any number of connections. */
export class Session {
  /** @type {string | null} */
  node = null;
  /** @type {State} */
  state = "away";
  #unanswered = new Unanswered();
  #greeting;
  #count = 0;
  #mayBeElsewhere = false;

  /**
   * @param {import("./types.js").Identity} identity
   * @param {{nick?: string, rooms?: string[], positions?: Record<string, string>, token?: string,
   *   password?: string, window?: number}} [options] without `rooms` the node chooses the room
   */
  constructor(identity, { nick, positions, window, ...rest } = {}) {
    this.nick = nick ?? null;
    this.outbox = new Outbox(window);
    this.readState = new ReadState(positions);
    this.#greeting = new Greeting(identity, rest);
  }

  /** Whether the node has welcomed us, and answered for each of the rooms in the hello. */
  get isReady() {
    return this.state === "live" && this.#greeting.isAnswered;
  }

  /** Whether the node owes an answer. */
  get isOwed() {
    return this.state === "live" && (this.#unanswered.size > 0 || this.outbox.inFlight);
  }

  /** When to call `wake`, if no event comes before. */
  get wakeAt() {
    return this.state === "live" ? this.outbox.wakeAt : null;
  }

  /** What a store keeps of the session. @returns {import("./types.js").KeptSession} */
  get kept() {
    const { identity, attempt } = this.#greeting;
    const rooms = this.#greeting.rooms(this.readState, this.#unanswered.roomsBeingLeft());
    const positions = this.readState.positions();
    return { key: identity.key, nick: this.nick, rooms, positions, attempt };
  }

  /**
   * Go on with what an earlier page kept, before the first connection.
   * @param {import("./types.js").KeptSession} kept
   */
  restore({ key, nick, rooms, positions, attempt }) {
    this.#greeting.identity = { ...this.#greeting.identity, key };
    this.#greeting.attempt = attempt;
    if (rooms) this.#greeting.want(rooms);
    this.nick = nick ?? this.nick;
    this.readState = new ReadState(positions);
  }

  /** Ask for another nick in the next hello. @param {string} nick */
  chooseNick(nick) {
    this.nick = nick;
  }

  /** Return the hello that begins or resumes the session. @param {number} nowMs */
  connected(nowMs) {
    this.state = "greeting";
    this.#unanswered.release();
    this.#mayBeElsewhere = false;
    return this.#hello(nowMs);
  }

  /** @param {number} nowMs */
  #hello(nowMs) {
    const leaving = this.#unanswered.roomsBeingLeft();
    return this.#greeting.hello(this.nick, nowMs, this.readState, leaving);
  }

  /** Note that the connection is lost; unanswered requests are repeated on the next one. */
  disconnected() {
    if (this.state !== "over") this.state = "away";
    this.#unanswered.release();
    this.outbox.disconnected();
  }

  /**
   * Whether a handover loses no answer. Messages are recognised when they are repeated; other
   * requests are made again at the other node, and their second answer may differ.
   */
  get mayHandOver() {
    return this.#unanswered.size === 0;
  }

  /**
   * Return the hello that resumes the session on a second connection. Requests wait from now on;
   * messages are still sent over the first connection.
   * @param {number} nowMs
   */
  handoverHello(nowMs) {
    this.#unanswered.hold();
    this.#mayBeElsewhere = true;
    return this.#hello(nowMs);
  }

  /**
   * Note that the second connection has the session; the first one counts no more.
   * @param {ChatEvent} event @param {number} now
   */
  handedOver(event, now) {
    this.outbox.disconnected();
    this.#unanswered.release();
    this.#mayBeElsewhere = false;
    return this.#welcomed(event, now);
  }

  /** Note that the second connection failed; return the requests that waited for it. */
  handoverFailed() {
    return this.#unanswered.release();
  }

  /**
   * Put a message into the outbox and return it with its id; `wake` returns it when it is due.
   * @param {Request} message @returns {Request & {id: string}}
   */
  post(message) {
    this.#count += 1;
    const id = message.id || `${this.#greeting.identity.prefix}${this.#count}`;
    const posted = { ...message, id };
    this.outbox.add(id, posted);
    return posted;
  }

  /**
   * Return the `ref` of a request, and what to write now. The request is kept until it is answered,
   * and repeated on the next connection.
   * @param {Request} request @returns {[string, Request[]]}
   */
  ask(request) {
    const { password } = this.#greeting;
    this.#count += 1;
    const ref = `ask-${this.#count}`;
    /** @type {Request} */
    const asked = { ...request, ref };
    // A user with an account may change to another nick, and back to the account's.
    if (asked.type === "nick" && password != null) asked.password ??= password;
    const mayWrite = this.#unanswered.add(ref, asked);
    return [ref, mayWrite && this.state === "live" ? [asked] : []];
  }

  /** Return the messages of the outbox that are due. @param {number} now */
  wake(now) {
    if (this.state !== "live") return effect();
    const doubts = this.outbox.expire(now).map(unknownFate);
    return effect({ write: this.outbox.due(now), doubts });
  }

  /** Return the effect of an event. @param {ChatEvent} event @param {number} now */
  take(event, now) {
    const handler = Session.#table[this.state].get(event.type);
    return handler ? handler(this, event, now) : effect({ show: false });
  }

  // The rows of the table

  /** @param {ChatEvent} event @param {number} now */
  #welcomed(event, now) {
    this.state = "live";
    this.nick = event.nick;
    this.node = event.node;
    const { write, doubts } = this.wake(now);
    return effect({ write: [...this.#unanswered.all(), ...write], doubts });
  }

  /**
   * Give up a room of the hello; or reconnect, if the refusal is temporary. A later `join` would
   * not do instead: only a hello carries positions.
   * @param {ErrorEvent} event
   */
  #roomRefused(event) {
    if (isPassing(event)) return refused(event);
    this.#greeting.answered(event.room);
    this.readState.leave(event.room);
    return effect();
  }

  /** @param {any} event */
  #joined(event) {
    this.#greeting.answered(event.room);
    const settled = this.#unanswered.settle(event);
    if (settled === null && !this.readState.mayEnter(event.room)) return effect({ show: false });
    this.readState.enter(event);
    return effect({ settled });
  }

  /** @param {ChatEvent} event */
  #delivered({ type, room, position, nick }) {
    const show = this.readState.deliver(type === "direct" ? INBOX : room, position);
    if (type === "entered") this.readState.sawEnter(room, nick);
    return effect({ show });
  }

  /** @param {ChatEvent} event */
  #left(event) {
    // The nick alone does not mean us: a new session reads in the log how an older one with the
    // same nick was lost. It is us if it answers our request, if it has no position (then it is a
    // late answer, after `unavailable`, and not in the log), or if we were kicked.
    const { room, nick, reason, position } = event;
    const settled = this.#unanswered.settle(event);
    const ours =
      settled !== null || position == null || (reason === "kicked" && nick === this.nick);
    const isNew = position == null || this.readState.deliver(room, position);
    const known = this.readState.sawLeave(room, nick);
    if (ours) this.readState.leave(room);
    return effect({ show: ours || (isNew && known), settled });
  }

  /** @param {ChatEvent} event */
  #renamed(event) {
    const { room, position, from, nick } = event;
    if (room == null || position == null) {
      this.nick = nick;
      return effect({ settled: this.#unanswered.settle(event) });
    }
    this.readState.sawRename(room, from, nick);
    return effect({ show: this.readState.deliver(room, position) });
  }

  /** @param {ChatEvent} event @param {number} now */
  #acknowledged({ id }, now) {
    this.outbox.settle(id);
    const { write, doubts } = this.wake(now);
    return effect({ write, doubts, settled: id });
  }

  /** @param {ErrorEvent} event @param {number} now */
  #refused(event, now) {
    if (event.ref === HELLO) return event.room != null ? this.#roomRefused(event) : effect();
    if (event.id != null) {
      const final = this.outbox.refuse(event, now);
      const { write, doubts } = this.wake(now);
      return effect({ write, show: final, settled: final ? event.id : null, doubts });
    }
    const ask = this.#unanswered.get(event.ref);
    if (ask?.type === "leave" && event.code === "not-in-room") this.readState.leave(ask.room);
    return effect({ settled: this.#unanswered.settle(event) });
  }

  /** @param {ChatEvent} event */
  #answer(event) {
    const settled = this.#unanswered.settle(event);
    return effect({ show: settled !== null, settled });
  }

  /** @param {ChatEvent} event */
  #bye({ reason, text, retry_after_ms: after }) {
    if (reason === "replaced" && this.#mayBeElsewhere) {
      // By our own hello on the second connection.
      return effect({ show: false, disconnect: disconnect(true, { reason }) });
    }
    if (after == null) {
      this.state = "over";
      return effect({ disconnect: disconnect(false, { reason, text: text ?? "" }) });
    }
    return effect({ disconnect: disconnect(true, { after: Math.max(0, after) / 1000, reason }) });
  }

  /** @type {Record<State, Map<string, Handler>>} */
  static #table = (() => {
    /** @type {Handler} */
    const delivered = (session, event) => session.#delivered(event);
    /** @type {Handler} */
    const answer = (session, event) => session.#answer(event);
    /** @type {[string, Handler][]} */
    const always = [
      ["ping", (_, { ref }) => effect({ write: [pong(ref)], show: false })],
      ["pong", (session, event) => ({ ...session.#answer(event), show: false })],
      ["bye", (session, event) => session.#bye(event)],
    ];
    return {
      away: new Map(),
      greeting: new Map([
        ...always,
        ["welcome", (session, event, now) => session.#welcomed(event, now)],
        [
          "error",
          (session, event) => (event.room != null ? session.#roomRefused(event) : refused(event)),
        ],
      ]),
      live: new Map([
        ...always,
        ["joined", (session, event) => session.#joined(event)],
        ["message", delivered],
        ["direct", delivered],
        ["entered", delivered],
        ["left", (session, event) => session.#left(event)],
        ["renamed", (session, event) => session.#renamed(event)],
        ["ack", (session, event, now) => session.#acknowledged(event, now)],
        ["error", (session, event, now) => session.#refused(event, now)],
        ["rooms", answer],
        ["members", answer],
        ["history", answer],
        ["gap", () => effect()],
        ["move", (_, event) => effect({ show: false, move: Math.max(0, event.within_ms) / 1000 })],
        ["announcement", () => effect()],
      ]),
      over: new Map(),
    };
  })();
}

/** Return the answer to a ping. @param {string} [ref] @returns {Request} */
export function pong(ref) {
  return ref == null ? { type: "pong" } : { type: "pong", ref };
}

/** @param {ErrorEvent} error */
function refused(error) {
  const passing = isPassing(error);
  const after = passing ? retryAfter(error) : 0;
  return effect({ disconnect: disconnect(passing, { after, refusal: error }) });
}
