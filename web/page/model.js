/** What is to be seen: events and what a person does go in. Pure; times are passed in. */

import { fold, mentions } from "../sdk/names.js";
import { Conversation, idOf, ROWS_OPEN, ROWS_OTHER, ROWS_READING } from "./conversation.js";

/** @typedef {import("./conversation.js").Row} Row */
/**
 * A message of ours that is not in the log yet. `at`: when it was written, in milliseconds.
 * @typedef {{id: string, conversation: string, text: string, kind?: string, at: number,
 *   state: "waiting" | "kept" | "refused" | "unknown", why?: string}} Outgoing
 */

/** Milliseconds after which an event is old news: it is not announced. */
const LIVE_WITHIN = 15_000;

/** Of which messages of a conversation a reader is notified. */
export const LEVELS = ["all", "mentions", "none"];

/** The whole state of the page. */
export class Model {
  nick = "";
  node = "";
  /** @type {"loading" | "entrance" | "chat"} */
  phase = "loading";
  /**
   * `away` since a moment; `after`: when the node lets us in again; `ended` with a reason.
   * @type {{state: "connecting" | "live" | "away" | "ended" | "elsewhere", since: number,
   *   why?: string, until?: number, isOffline: boolean}}
   */
  connection = { state: "connecting", since: 0, isOffline: false };
  /** @type {Map<string, Conversation>} */
  conversations = new Map();
  /** @type {string | null} */
  openId = null;
  /** @type {Outgoing[]} */
  outgoing = [];
  /**
   * The card of the entrance; `needed`: it is shown although the chat can be read.
   * @type {{nick: string, error: string, password: boolean, token: boolean, suggestion: string,
   *   busy: boolean, needed: boolean}}
   */
  entrance = {
    ...{ nick: "", error: "", suggestion: "" },
    ...{ password: false, token: false, busy: false, needed: false },
  };
  /** A sentence of the page, until the reader closes it. @type {string} */
  notice = "";
  isFocused = true;
  /** Whether the reader is at the end of the open conversation. */
  isAtEnd = true;
  /** What came just now; `tells`: the reader is notified. @type {{name: string, text: string, named: boolean, tells: boolean, open: boolean, from: string, id: string}[]} */
  news = [];
  /** Messages that came late, after an absence, and of which the reader is notified, by conversation. @type {Map<string, number>} */
  missed = new Map();
  /** Tells which level was chosen for a conversation. @type {(id: string) => string} */
  levelOf = () => "mentions";
  /** The rooms that there were when the list of all was fetched last. @type {string[]} */
  rooms = [];
  sorting = "name";
  hasNewVersion = false;
  /** What is searched for; null: nothing. @type {import("./find.js").Search | null} */
  search = null;

  /** The conversation that is shown. */
  get open() {
    return (this.openId !== null && this.conversations.get(this.openId)) || null;
  }

  /** @param {"room" | "person"} kind @param {string} name */
  ensure(kind, name) {
    const id = idOf(kind, name);
    let found = this.conversations.get(id);
    if (!found) {
      this.conversations.set(id, (found = new Conversation(kind, name)));
      found.level = this.levelOf(id);
    }
    return found;
  }

  /** The rooms, or the people, in the order of the list. @param {"room" | "person"} kind */
  list(kind) {
    const found = [...this.conversations.values()].filter((each) => each.kind === kind);
    return this.sorting === "new"
      ? found.sort((a, b) => b.lastAt - a.lastAt || compare(a.name, b.name))
      : found.sort((a, b) => compare(a.name, b.name));
  }

  /** Unread messages of all conversations but those of which the reader wants no notice. */
  get unread() {
    let [count, named] = [0, 0];
    for (const each of this.conversations.values()) {
      if (each.level === "none") continue;
      const found = each.unread(this.nick);
      count += found.count;
      named += found.named;
    }
    return { count, named };
  }

  /** @param {string | undefined} nick */
  isMe(nick) {
    return nick !== undefined && fold(nick) === fold(this.nick);
  }

  // What a person does

  /** Show a conversation. @param {string | null} id */
  show(id) {
    const before = this.open;
    if (before) before.newSeq = null;
    this.openId = id;
    const open = this.open;
    if (this.search?.where !== open) this.search = null;
    if (!open) return;
    open.isHeld = false;
    if (open.newSeq === null && open.unread(this.nick).count) open.newSeq = open.readSeq;
    for (const each of this.conversations.values()) if (each !== open) each.trim(ROWS_OTHER);
  }

  /** Note what was seen; the mark does not go back. @param {Conversation} where @param {number} seq */
  read(where, seq) {
    if (seq <= where.readSeq || where.isHeld) return false;
    where.readSeq = seq;
    return true;
  }

  /** Let everything count as read. @param {Conversation} where */
  readAll(where) {
    where.isHeld = false;
    where.newSeq = null;
    return this.read(where, where.lastSeq);
  }

  /**
   * Let the messages from a place on count as unread, until the reader comes back to them.
   * @param {Conversation} where @param {number} seq
   */
  unreadFrom(where, seq) {
    where.readSeq = where.newSeq = seq - 1;
    where.isHeld = where.unread(this.nick).count > 0;
  }

  /** Note a message of ours on its way. @param {Outgoing} message */
  posted(message) {
    this.outgoing.push(message);
  }

  /** @param {string} id */
  discard(id) {
    this.outgoing = this.outgoing.filter((each) => each.id !== id);
  }

  /** @param {string} room */
  removeRoom(room) {
    const id = idOf("room", room);
    this.conversations.delete(id);
    this.outgoing = this.outgoing.filter((each) => each.conversation !== id || each.state !== "kept");
    if (this.openId === id) this.show(this.list("room")[0]?.id ?? this.list("person")[0]?.id ?? null);
  }

  // Events

  /**
   * Take an event that is of interest to a reader.
   * @param {any} event @param {{seq: number, now: number}} context `seq` of an entry
   */
  take(event, { seq, now }) {
    switch (event.type) {
      case "welcome":
        this.nick = event.nick;
        this.node = event.node;
        this.phase = "chat";
        this.connection = { ...this.connection, state: "live", since: now, why: "" };
        break;
      case "away":
        this.#away(event, now);
        break;
      case "joined":
        this.#joined(event);
        break;
      case "message":
        this.#message(this.ensure("room", event.room), event, seq, now);
        break;
      case "direct":
        this.#direct(event, seq, now);
        break;
      case "entered":
      case "left":
      case "renamed":
        this.#presence(event, seq);
        break;
      case "gap":
        this.#gap(event, seq);
        break;
      case "ack":
        this.#acknowledged(event, seq);
        break;
      case "error":
        if (event.id != null) this.#refused(event);
        break;
    }
  }

  /** @param {any} event @param {number} now */
  #away(event, now) {
    const { state, since } = this.connection;
    const until = event.after ? now + event.after * 1000 : undefined;
    const from = state === "away" ? since : now;
    this.connection = { ...this.connection, state: "away", since: from, why: event.why, until };
  }

  /** @param {any} event */
  #joined(event) {
    const room = this.ensure("room", event.room);
    room.memberCount = event.members;
    room.members = null;
    if (this.openId === null) this.show(room.id);
  }

  /** @param {Conversation} where @param {any} event @param {number} seq @param {number} now */
  #message(where, event, seq, now) {
    const { position, at, from, text, id, kind } = event;
    const mine = this.isMe(from);
    if (mine && id != null) this.discard(id);
    const wasRead = where.lastSeq <= where.readSeq;
    const before = where.readSeq;
    if (!where.add({ type: "message", seq, position, at, from, text, id, kind })) return;
    // A reader of older rows keeps them, up to a limit.
    if (where.id === this.openId) where.trim(this.isAtEnd ? ROWS_OPEN + 500 : ROWS_READING);
    if (mine) {
      if (wasRead) where.readSeq = seq;
      return;
    }
    const isSeen = this.isFocused && where.id === this.openId;
    if (where.id === this.openId && !isSeen && wasRead && where.newSeq === null) where.newSeq = before;
    const isMuted = where.level === "none";
    const named = !isMuted && (where.kind === "person" || mentions(text, this.nick));
    const tells = named || where.level === "all";
    if (Math.abs(now - at) <= LIVE_WITHIN) {
      const open = where.id === this.openId;
      this.news.push({ name: where.name, from, text, named, tells, open, id: where.id });
    } else if (tells) this.missed.set(where.id, 1 + (this.missed.get(where.id) ?? 0));
  }

  /** @param {any} event @param {number} seq @param {number} now */
  #direct(event, seq, now) {
    const mine = this.isMe(event.from) && !this.isMe(event.to);
    this.#message(this.ensure("person", mine ? event.to : event.from), event, seq, now);
  }

  /** @param {any} event @param {number} seq */
  #presence(event, seq) {
    if (event.type === "renamed" && this.isMe(event.from)) this.nick = event.nick;
    if (event.room == null || event.position == null) return;
    const room = this.conversations.get(idOf("room", event.room));
    if (!room) return;
    const { type, position, at, nick, from, reason, text } = event;
    const wasRead = room.lastSeq <= room.readSeq;
    const row = { type, seq, position, at, nick, from, reason, text };
    if (!room.add(row)) return;
    if (wasRead) room.readSeq = seq;
    room.follow(row);
    if (type === "renamed") this.#follow(from, nick);
  }

  /** Let the messages with a person follow a new nick. @param {string} from @param {string} nick */
  #follow(from, nick) {
    const old = this.conversations.get(idOf("person", from));
    const id = idOf("person", nick);
    if (!old || this.isMe(nick) || (this.conversations.has(id) && old.id !== id)) return;
    this.conversations.delete(old.id);
    for (const each of this.outgoing) if (each.conversation === old.id) each.conversation = id;
    if (this.openId === old.id) this.openId = id;
    old.id = id;
    old.name = nick;
    this.conversations.set(id, old);
  }

  /** @param {any} event @param {number} seq */
  #gap(event, seq) {
    const room = this.conversations.get(idOf("room", event.room));
    const at = room?.rows.at(-1)?.at ?? 0;
    room?.add({ type: "gap", seq, position: `gap ${event.position}`, at, after: event.after });
  }

  /** @param {any} event @param {number} seq */
  #acknowledged(event, seq) {
    const message = this.outgoing.find((each) => each.id === event.id);
    if (!message) return;
    if (event.to == null) {
      // Its place is the log's to give: it stays below until it comes back.
      message.state = "kept";
      return;
    }
    this.discard(event.id);
    const { position, at, id } = event;
    const { text, kind } = message;
    const person = this.ensure("person", event.to);
    const wasRead = person.lastSeq <= person.readSeq;
    person.add({ type: "message", seq, position, at, from: this.nick, text, id, ...(kind && { kind }) });
    if (wasRead) person.readSeq = seq;
  }

  /** @param {any} event */
  #refused(event) {
    const message = this.outgoing.find((each) => each.id === event.id);
    if (!message) return;
    message.state = event.code === "unknown" ? "unknown" : "refused";
    message.why = event.text;
  }
}

/** @param {string} a @param {string} b */
function compare(a, b) {
  return a.localeCompare(b);
}
