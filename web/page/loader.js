/** Brings rows and members into the model: from the store, and from the nodes. */

import { isPassing } from "../sdk/errors.js";
import { fold } from "../sdk/names.js";
import { idOf } from "./conversation.js";
import { keptPlaces } from "./places.js";
import * as preferences from "./preferences.js";

const PAGE = 50;
const MEMBER_PAGES = 5;
/** Milliseconds in which others enter, too. */
const MEMBERS_AFTER = 1000;
/** How often a busy node is asked for messages, and the milliseconds between. */
const TRIES = 5;
const PAUSE = 2000;

/** Return the row of a kept entry. @param {any} entry @returns {import("./conversation.js").Row} */
export function toRow({ seq, position, event }) {
  const { type, at, from, text, kind, id, nick, reason, after } = event;
  const shown = type === "direct" ? "message" : type;
  return { type: shown, seq, position, at: at ?? 0, from, text, kind, id, nick, reason, after };
}

/** Loads for the page. */
export class Loader {
  /** @param {any} page @param {(ms: number) => Promise<void>} [pause] */
  constructor(page, pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))) {
    this.page = page;
    this.pause = pause;
  }

  /** Show what an earlier page kept. */
  async restore() {
    const { model, keep } = this.page;
    model.phase = "chat";
    model.nick = keep.session.nick;
    // There are none if the page was reloaded between the welcome and the first room.
    for (const room of keep.session.rooms ?? []) model.ensure("room", room);
    const reads = await keep.reads();
    for (const id of await keep.conversations()) {
      const entries = await keep.entries(id, keep.last + 1, 200);
      const last = entries.at(-1)?.event;
      if (id.startsWith("@") && last) model.ensure("person", fold(last.from) === id.slice(1) ? last.from : last.to);
      const where = model.conversations.get(id);
      where?.prepend(entries.map(toRow));
    }
    for (const where of model.conversations.values()) where.readSeq = reads.get(where.id)?.seq ?? 0;
    for (const { id, message, failed, at } of keep.outbox.values()) {
      const { room, to, text, kind } = message;
      const conversation = to == null ? idOf("room", room) : idOf("person", to);
      if (to != null) model.ensure("person", to);
      const { state = "waiting", why = "" } = failed ?? {};
      model.posted({ id, conversation, text, kind, at: at ?? 0, state, why });
    }
    const places = keptPlaces();
    for (const where of model.conversations.values()) where.place = places[where.id]?.place ?? null;
    const open = preferences.get("open");
    model.show(model.conversations.has(open) ? open : (model.list("room")[0]?.id ?? null));
    await this.#comeBack(model.open, places[model.openId]);
    setTimeout(() => keep.tidy(), 10_000);
  }

  /** Prepare to show a conversation as it was before a reload. @param {any} where @param {any} before */
  async #comeBack(where, before) {
    if (!where || !before) return;
    where.isBack = true;
    if (before.place) await this.reach(where, before.place.seq ?? Infinity);
    where.isComplete = before.start !== undefined && where.rows[0]?.seq === before.start;
  }

  /** Fetch what was said in a room before we came. @param {any} event */
  async joined(event) {
    const { model } = this.page;
    const where = model.conversations.get(idOf("room", event.room));
    if (!where) return;
    if (model.open === where) {
      this.page.views.opened();
      this.members();
    }
    if (!where.rows.length) await this.#fetch(where, event.position);
  }

  /** Add older rows to the open conversation. */
  async older() {
    const { model, keep } = this.page;
    const where = model.open;
    if (!where || where.isLoading || where.isComplete) return;
    where.isLoading = true;
    let found = 0;
    try {
      const entries = await keep.entries(where.id, where.rows[0]?.seq ?? Infinity, PAGE);
      found = where.prepend(entries.map(toRow));
    } finally {
      where.isLoading = false;
    }
    if (found) this.page.draw();
    else if (where.kind === "person") {
      where.isComplete = true;
      this.page.draw();
    } else if (where.oldest !== null) await this.#fetch(where, where.oldest);
  }

  /** @param {any} where @param {string} before */
  async #fetch(where, before) {
    if (!this.page.chat?.isConnected || where.isLoading) return;
    where.isLoading = true;
    try {
      const { rows, more } = await this.fetchPage(where, before, PAGE);
      where.prepend(rows);
      where.isComplete = !more;
    } catch {
      // It is asked for again when the reader moves.
    } finally {
      where.isLoading = false;
    }
    this.page.draw();
  }

  /** Fetch messages before a position, and keep them. @param {any} where @param {string} before @param {number} limit */
  async fetchPage(where, before, limit) {
    const { messages, more } = await this.#history(where.name, { before, limit });
    const seqs = this.page.keep.older(where.name, messages);
    const rows = messages.map((/** @type {any} */ each, /** @type {number} */ n) =>
      toRow({ seq: seqs[n], position: each.position, event: { type: "message", ...each } }),
    );
    return { rows, more };
  }

  /** Ask for messages, also again while the node is busy. @param {string} room @param {any} options */
  async #history(room, options) {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.page.chat.history(room, options);
      } catch (error) {
        if (tries === TRIES || !isPassing(/** @type {any} */ (error))) throw error;
        await this.pause(PAUSE);
      }
    }
  }

  /** Load the kept rows from a place on, and some before it. @param {any} where @param {number} seq */
  async reach(where, seq) {
    const first = where.rows[0]?.seq ?? Infinity;
    if (first <= seq) return;
    const before = await this.page.keep.entries(where.id, seq, PAGE);
    const after = await this.page.keep.between(where.id, seq, first);
    where.prepend([...before, ...after].map(toRow));
  }

  /** Fetch who is in the open room. */
  async members() {
    const { chat, model } = this.page;
    const where = model.open;
    if (!chat?.isConnected || where?.kind !== "room") return;
    const found = new Map();
    /** @type {string | undefined} */
    let after;
    try {
      for (let page = 0; page < MEMBER_PAGES; page += 1) {
        const { members, accounts, more } = await chat.members(where.name, after ? { after } : {});
        const known = new Set(accounts ?? []);
        where.hasAccounts = accounts !== undefined;
        for (const nick of members) found.set(fold(nick), { nick, account: known.has(nick) });
        after = members.at(-1);
        if (!more) where.memberCount = found.size;
        where.hasMoreMembers = false;
        if (!more) break;
      }
      where.members = found;
    } catch {
      // We left, or the node is away: the next `joined` asks again.
    }
    this.page.draw();
  }

  /** Fetch them again soon: who enters, or changes a nick, does not say whether it is an account's. */
  membersSoon() {
    if (this.#soon || !this.page.model.open?.hasAccounts) return;
    this.#soon = setTimeout(() => {
      this.#soon = 0;
      this.members();
    }, MEMBERS_AFTER);
  }
  #soon = 0;

  /** Return all rooms. */
  async rooms() {
    const { chat } = this.page;
    /** @type {{room: string, members: number}[]} */
    const found = [];
    try {
      for (let page = 0; chat?.isConnected && page < MEMBER_PAGES; page += 1) {
        const last = found.at(-1)?.room;
        const { rooms, more } = await chat.listRooms(last ? { after: last } : {});
        found.push(...rooms);
        if (!more) break;
      }
    } catch {
      // Those that came are shown.
    }
    if (found.length) this.page.model.rooms = found.map(({ room }) => room);
    return found;
  }
}
