/** Tells a store what to keep of a session, so that it survives a reload. */

/** @typedef {import("./types.js").ChatEvent} ChatEvent */
/** @typedef {import("./types.js").Request} Request */

const ENTRIES = ["joined", "message", "direct", "entered", "left", "renamed"];
/** Events that may change nick or rooms. */
const OF_SESSION = ["welcome", "joined", "left", "renamed", "error"];

/** Makes the changes in order; without a store it does nothing. A store that fails is given up. */
export class Keeping {
  #store;
  #session;
  #lastSession = "";
  /** @type {Set<string>} */
  #sent = new Set();

  /**
   * @param {import("./types.js").Store | undefined} store
   * @param {import("./session.js").Session} session
   */
  constructor(store, session) {
    this.#store = store;
    this.#session = session;
  }

  /** Go on with what an earlier page kept. @param {number} now */
  async load(now) {
    if (!this.#store) return;
    try {
      const kept = await this.#store.load();
      if (kept?.session) this.#session.restore(kept.session);
      const outbox = kept?.outbox ?? [];
      this.#session.outbox.restore(outbox, now);
      for (const { id, since } of outbox) if (since !== null) this.#sent.add(id);
    } catch {
      this.#store = undefined;
    }
  }

  /** @param {Request & {id: string}} message */
  posted(message) {
    this.#save({ add: { id: message.id, message } });
  }

  /**
   * Note which messages are about to be written, and when; null: there is nothing to wait for.
   * @param {Request[]} requests @param {number} now @returns {Promise<void> | null}
   */
  sending(requests, now) {
    if (!this.#store) return null;
    const ids = requests.flatMap(({ type, id }) =>
      (type === "send" || type === "direct") && id && !this.#sent.has(id) ? [id] : [],
    );
    if (!ids.length) return null;
    for (const id of ids) this.#sent.add(id);
    return this.#save({ sending: { ids, since: now } });
  }

  /** Keep the session as it is, if it has changed. */
  session() {
    const change = this.#changed();
    if (change.session) this.#save(change);
  }

  /** @param {ChatEvent} event @param {import("./types.js").Effect} effect */
  took(event, { show, settled, doubts }) {
    if (!this.#store) return;
    const gone = doubts.map((error) => error.id);
    if (settled !== null && settled === event.id) gone.push(settled);
    for (const each of gone) this.#sent.delete(each);
    const position = this.#moved(event);
    const session = OF_SESSION.includes(event.type) ? this.#changed() : {};
    if (!show && !position && !gone.length && !session.session) return;
    this.#save({
      ...(show && { event }),
      ...(position && { position }),
      ...(gone.length && { remove: gone }),
      ...session,
    });
  }

  /** @param {import("./types.js").ErrorEvent[]} errors */
  gaveUp(errors) {
    if (errors.length) this.#save({ remove: errors.map((error) => error.id) });
  }

  /** @param {ChatEvent} event */
  #moved({ type, room }) {
    if (!ENTRIES.includes(type)) return null;
    const name = type === "direct" ? "@" : room;
    const position = name == null ? null : this.#session.readState.position(name);
    return position === null ? null : { room: name, position };
  }

  #changed() {
    const session = this.#session.kept;
    const { positions: _, ...rest } = session;
    const now = JSON.stringify(rest);
    if (now === this.#lastSession) return {};
    this.#lastSession = now;
    return { session };
  }

  /** @param {import("./types.js").Change} change @returns {Promise<void>} */
  async #save(change) {
    try {
      await this.#store?.save(change);
    } catch {
      this.#store = undefined;
    }
  }
}
