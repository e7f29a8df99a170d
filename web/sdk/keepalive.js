/** Detects a node that does not answer any more. Pure: the time is passed in. */

import { ANSWER_WITHIN, PING_AFTER, PONG_WITHIN } from "./limits.js";

/** Seconds of silence before a ping: a node that hangs sends no bye. */
const PING_WHEN_IDLE = PING_AFTER / 2;
/** Seconds of silence before a ping while an answer is due. */
const PING_WHEN_OWED = 2.0;
/** Seconds for a node to answer `hello`: its own limit plus the round trip. */
const WELCOME_WITHIN = ANSWER_WITHIN + 2.0;

/** Judges a node by the lines it sends; any line is a sign of life. */
export class Keepalive {
  /** @type {number | null} */
  #pingedAt = null;
  #pongWithin = PONG_WITHIN;
  /** @type {number | null} */
  #welcomeBy;

  /** @param {number} now */
  constructor(now) {
    this.heardAt = now;
    this.askedAt = now;
    this.#welcomeBy = now + WELCOME_WITHIN;
  }

  /** Note that the session has begun: from now on only silence counts. */
  welcomed() {
    this.#welcomeBy = null;
  }

  /** Note that a line came. @param {number} now */
  heard(now) {
    this.heardAt = now;
    this.#pingedAt = null;
  }

  /**
   * Note that something was written; the first time after the last line counts.
   * @param {number} now
   */
  asked(now) {
    if (this.askedAt <= this.heardAt) this.askedAt = now;
  }

  /**
   * Start anew, because the silence may have been ours: a ping is sent now, and anything has to
   * come within some seconds.
   * @param {number} now @param {number} [within]
   */
  probe(now, within = PONG_WITHIN) {
    if (this.#welcomeBy !== null) {
      this.#welcomeBy = now + within;
    } else {
      this.#pingedAt = now;
      this.#pongWithin = within;
    }
  }

  /** Return when to call `judge`. @param {boolean} owed whether an answer is due */
  nextAt(owed) {
    if (this.#welcomeBy !== null) return this.#welcomeBy;
    if (this.#pingedAt !== null) return this.#pingedAt + this.#pongWithin;
    const idleAt = this.heardAt + PING_WHEN_IDLE;
    if (!owed) return idleAt;
    return Math.min(idleAt, Math.max(this.heardAt, this.askedAt) + PING_WHEN_OWED);
  }

  /**
   * Return the verdict; `ping` is returned once, and counts as sent.
   * @param {number} now @param {boolean} owed @returns {"fine" | "ping" | "dead"}
   */
  judge(now, owed) {
    if (now < this.nextAt(owed)) return "fine";
    if (this.#welcomeBy !== null || this.#pingedAt !== null) return "dead";
    this.#pingedAt = now;
    this.#pongWithin = PONG_WITHIN;
    return "ping";
  }
}
