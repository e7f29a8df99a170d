/** Keeps a session connected: connects, reconnects, and hands over to other nodes. */

import { LONGEST_PAUSE } from "./addresses.js";
import { Connector } from "./connector.js";
import { decode, isKnown } from "./decode.js";
import { disconnect } from "./effects.js";
import { Ended, NickRefused, refusal } from "./errors.js";
import { Handover } from "./handover.js";
import { ActiveLink, Link } from "./link.js";
import { Outage } from "./outage.js";

/** @typedef {import("./types.js").ChatEvent} ChatEvent */
/** @typedef {import("./types.js").Disconnect} Disconnect */
/** @typedef {import("./types.js").Request} Request */
/**
 * @typedef {{session: import("./session.js").Session,
 *   endpoints: import("./addresses.js").Endpoints,
 *   surroundings: import("./types.js").Surroundings, incoming: import("./incoming.js").Incoming,
 *   keeping: import("./keeping.js").Keeping, patience: number | null,
 *   rename: import("./types.js").Options["rename"]}} Parts
 */

/** Seconds of delay after which an alarm proves nothing about the node: the page slept. */
const LATE_AFTER = 2.0;
/** Seconds for a node to answer when the page wakes up. */
const CHECK_WITHIN = 2.0;
/** After this many seconds in the background, attempts to connect become rare. */
const HIDDEN_AFTER = 600;
const HIDDEN_PAUSE = 30.0;

/** Runs a session over whichever node can be reached. */
export class ReconnectingLink {
  #parts;
  #outage;
  /** @type {ActiveLink | null} */
  #active = null;
  /** @type {Handover | null} */
  #handover = null;
  #connector;
  #stopAlarm = () => {};
  #wake = () => {};
  #isQuitting = false;
  #isStopped = false;
  #lastWhy = "";

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts;
    this.#connector = new Connector(parts.surroundings);
    this.#outage = new Outage(parts.patience, parts.surroundings.now());
  }

  /**
   * Stay connected until the session has ended, or `stop`. Throws Refused (NickRefused) when a node
   * refuses the session, Ended when the node ended it, Unreachable when no node was there.
   */
  async run() {
    const { session, endpoints, surroundings, keeping } = this.#parts;
    await keeping.load(surroundings.now());
    const unwatch = surroundings.watch(() => this.check());
    try {
      while (!this.#isStopped) {
        const [next, why] = await this.#visit(endpoints.next());
        if (this.#isStopped || next.reason === "quit") return;
        if (!next.reconnect) {
          session.chooseNick(await this.#otherNick(next));
          continue;
        }
        this.#tell(why, next.after);
        const hidden = surroundings.hiddenFor() > HIDDEN_AFTER;
        const pause = endpoints.pause(hidden ? HIDDEN_PAUSE : LONGEST_PAUSE);
        const bounded = this.#outage.bounded(Math.max(next.after, pause), why, surroundings.now());
        await this.#sleep(bounded, Math.min(next.after, bounded));
      }
    } finally {
      unwatch();
    }
  }

  /** Send requests over the present connection, if there is one. @param {Request[]} requests */
  write(requests) {
    this.#active?.write(requests, this.#parts.surroundings.now());
  }

  /** Ask the node to end the session. */
  quit() {
    this.#isQuitting = true;
    this.write([{ type: "quit" }]);
  }

  /** End everything, without a word to the node. */
  stop() {
    this.#isStopped = true;
    this.#connector.stop();
    this.#handover?.cancel();
    this.#active?.link.end("the chat is closed");
    this.#wake();
  }

  /** Write the messages that are due, and set the alarm again. */
  stir() {
    const { session, surroundings, keeping } = this.#parts;
    const { write, doubts } = session.wake(surroundings.now());
    keeping.gaveUp(doubts);
    this.#giveUp(doubts);
    this.write(write);
    this.#setAlarm();
  }

  /** Ask the node at once whether it is there; while away, try to connect at once. */
  check() {
    if (this.#active) {
      this.#probe(this.#active, CHECK_WITHIN);
    } else {
      this.#parts.endpoints.worked();
      this.#wake();
    }
  }

  /** @param {ActiveLink} active @param {number} [within] */
  #probe(active, within) {
    active.keepalive.probe(this.#parts.surroundings.now(), within);
    this.write([{ type: "ping" }]);
    this.#setAlarm();
  }

  /**
   * Report that there is no connection: once, and again where a node has explained why.
   * @param {string} why @param {number} after
   */
  #tell(why, after) {
    const isNews = this.#outage.isNews();
    if (!isNews && (!after || why === this.#lastWhy)) return;
    this.#lastWhy = why;
    this.#parts.incoming.put({ type: "away", why, ...(after && { after }) });
  }

  /** @param {import("./types.js").ErrorEvent[]} errors */
  #giveUp(errors) {
    for (const error of errors) this.#parts.incoming.put(error, { settled: error.id });
  }

  /**
   * Run one connection to its end; return what to do next, and why it ended.
   * @param {string} address @returns {Promise<[Disconnect, string]>}
   */
  async #visit(address) {
    const { session, surroundings, keeping, endpoints } = this.#parts;
    const link = await this.#connector.open(address, endpoints.openWithin);
    if (!(link instanceof Link)) return link;
    this.#active = this.#activate(link, address);
    try {
      const hello = session.connected(surroundings.wallMs());
      keeping.session();
      this.write([hello]);
      this.#active.link.read((lines) => this.#takeLines(lines));
      this.#setAlarm();
      const [last, why] = await this.#lastWord(this.#active);
      return [last.disconnect ?? disconnect(true), `${last.address}: ${why}`];
    } finally {
      this.#letGo();
    }
  }

  /** @param {Link} link @param {string} address */
  #activate(link, address) {
    const { surroundings, keeping } = this.#parts;
    return new ActiveLink(link, address, surroundings.now(), (requests) =>
      keeping.sending(requests, surroundings.now()),
    );
  }

  /**
   * Wait for the end of a connection, or of the one that a handover replaced it by.
   * @param {ActiveLink} active @returns {Promise<[ActiveLink, string]>}
   */
  async #lastWord(active) {
    for (;;) {
      const why = await active.link.closed;
      // The next node may have the session already, and its welcome be on its way.
      if (this.#active === active) await this.#handover?.settled();
      if (this.#active === active || !this.#active) return [active, why];
      active = this.#active;
    }
  }

  #letGo() {
    const { session, surroundings, endpoints } = this.#parts;
    const active = this.#active;
    this.#active = null;
    this.#handover?.cancel();
    this.#handover = null;
    this.#stopAlarm();
    session.disconnected();
    active?.link.end("done with it");
    if (!active?.wasWelcomed) return;
    if (active.hasLasted(surroundings.now())) endpoints.worked();
    this.#outage.begin(surroundings.now());
  }

  /**
   * Start a handover, because the node is about to stop in so many seconds.
   * @param {ActiveLink} active @param {number} seconds @param {number} now
   */
  #handOver(active, seconds, now) {
    if (this.#isQuitting || (this.#handover && !this.#handover.isOver)) return;
    const { session, endpoints, surroundings } = this.#parts;
    if (active.hasLasted(now)) endpoints.worked();
    this.#handover = new Handover({
      session,
      endpoints,
      surroundings,
      activate: (link, address) => this.#activate(link, address),
      arrive: (following, welcome, rest) => this.#arrive(following, welcome, rest),
      stay: (requests) => this.write(requests),
    });
    this.#handover.run(seconds);
  }

  /**
   * Replace the present connection by the one of the next node.
   * @param {ActiveLink} following @param {ChatEvent} welcome @param {string[]} rest
   */
  #arrive(following, welcome, rest) {
    const now = this.#parts.surroundings.now();
    this.#handover = null;
    const old = this.#active;
    this.#active = following;
    old?.link.end("moved to another node");
    following.keepalive.heard(now);
    following.link.read((lines) => this.#takeLines(lines));
    this.#follow(this.#parts.session.handedOver(welcome, now), welcome, now);
    if (this.#isQuitting) this.write([{ type: "quit" }]);
    this.#takeLines(rest);
  }

  /** @param {string[]} lines */
  #takeLines(lines) {
    const now = this.#parts.surroundings.now();
    if (lines.length) this.#active?.keepalive.heard(now);
    for (const line of lines) {
      if (!this.#active || this.#active.disconnect) break;
      this.#take(this.#active, line, now);
    }
    this.#handover?.stir();
    this.#setAlarm();
  }

  /** @param {ActiveLink} active @param {string} line @param {number} now */
  #take(active, line, now) {
    const event = decode(line);
    if (!event) {
      active.leave(disconnect(true), "the node does not speak the protocol");
    } else if (!isKnown(event)) {
      this.#parts.incoming.put(event, { show: false });
    } else {
      this.#follow(this.#parts.session.take(event, now), event, now);
    }
  }

  /**
   * Carry out the effect of an event.
   * @param {import("./types.js").Effect} effect @param {ChatEvent} event @param {number} now
   */
  #follow(effect, event, now) {
    const active = this.#active;
    if (event.type === "welcome") {
      this.#outage.end();
      active?.welcomed(now);
    }
    this.#parts.keeping.took(event, effect);
    this.write(effect.write);
    const { show, settled } = effect;
    this.#parts.incoming.put(event, { show, settled, end: effect.disconnect !== null });
    this.#giveUp(effect.doubts);
    if (!active) return;
    if (effect.move !== null) this.#handOver(active, effect.move, now);
    if (effect.disconnect) {
      const { refusal: refused, reason } = effect.disconnect;
      active.leave(effect.disconnect, refused?.text ?? `the node ended the connection: ${reason}`);
    }
  }

  /** Set the timer for the keepalive or the outbox, whichever is first. */
  #setAlarm() {
    this.#stopAlarm();
    if (!this.#active) return;
    const { session, surroundings } = this.#parts;
    const keepaliveAt = this.#active.keepalive.nextAt(session.isOwed);
    const at = Math.min(keepaliveAt, session.wakeAt ?? Infinity);
    const wait = Math.max(0, at - surroundings.now());
    this.#stopAlarm = surroundings.later(wait, () => this.#onAlarm(at));
  }

  /** @param {number} at when it should have rung */
  #onAlarm(at) {
    const active = this.#active;
    if (!active) return;
    const { session, surroundings } = this.#parts;
    const now = surroundings.now();
    if (now - at > LATE_AFTER) {
      this.#probe(active);
    } else {
      const verdict = active.keepalive.judge(now, session.isOwed);
      if (verdict === "dead") return active.link.end("the node does not answer");
      if (verdict === "ping") this.write([{ type: "ping" }]);
    }
    this.stir();
  }

  /**
   * Sleep; a check ends it early, but not before some seconds.
   * @param {number} seconds @param {number} least
   */
  #sleep(seconds, least) {
    const { surroundings } = this.#parts;
    const mayEnd = surroundings.now() + least;
    return new Promise((resolve) => {
      let cancel = surroundings.later(seconds, () => resolve(null));
      this.#wake = () => {
        cancel();
        const left = this.#isStopped ? 0 : Math.max(0, mayEnd - surroundings.now());
        cancel = surroundings.later(left, () => resolve(null));
      };
    });
  }

  /** Return another nick if the node refused ours, with `rename`. @param {Disconnect} disconnect */
  async #otherNick({ refusal: refused, reason, text }) {
    if (!refused) throw new Ended(reason, text);
    const error = refusal(refused);
    const { rename } = this.#parts;
    if (!(error instanceof NickRefused) || !rename) throw error;
    return rename(error);
  }
}
