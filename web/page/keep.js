/** Keeps session, outbox, entries and read marks in IndexedDB; without it, in memory only. */

import { fold } from "../sdk/names.js";

/** @typedef {import("../sdk/types.js").Change} Change */

const ENTRIES_MOST = 5000;
const KEPT_TYPES = ["message", "direct", "entered", "left", "renamed", "gap", "ack"];

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** @returns {Promise<IDBDatabase>} */
function openDatabase() {
  const request = indexedDB.open("chat", 1);
  request.onupgradeneeded = () => {
    const base = request.result;
    base.createObjectStore("session");
    base.createObjectStore("outbox", { keyPath: "id" });
    const entries = base.createObjectStore("entries", { keyPath: "seq" });
    entries.createIndex("position", ["room", "position"], { unique: true });
    entries.createIndex("order", ["room", "seq"]);
    base.createObjectStore("reads", { keyPath: "room" });
  };
  return done(request);
}

/** The store of the client, and of the page. */
export class Keep {
  /** @type {IDBDatabase | null} */
  #base;
  /** @type {any} */
  session = null;
  /** Messages on their way, or failed, by their id. @type {Map<string, any>} */
  outbox = new Map();
  /** @type {WeakMap<object, number>} */
  #seqs = new WeakMap();
  /** The last place of an earlier page: up to there goes the session that is kept. */
  last = 0;
  #next = 1;
  #low = -1;
  #order = 1;
  /** What the next transaction does. @type {((all: IDBTransaction) => void)[]} */
  #steps = [];
  /** The newest transaction under way. @type {Promise<void> | null} */
  #writing = null;
  /** Called when nothing can be kept. */
  onFailure = () => {};

  /** @param {IDBDatabase | null} base */
  constructor(base) {
    this.#base = base;
  }

  /** Open what is kept in this browser. */
  static async open() {
    /** @type {IDBDatabase | null} */
    let base = null;
    try {
      const opened = await openDatabase();
      // Another page deletes or upgrades it.
      opened.onversionchange = () => opened.close();
      base = opened;
    } catch {
      // A private window, or storage that is full or forbidden.
    }
    const keep = new Keep(base);
    try {
      await keep.#read();
    } catch {
      keep.#base = null;
    }
    return keep;
  }

  /** Whether there is a session to go on with. */
  get wasWelcomed() {
    return this.session?.wasWelcomed === true;
  }

  get isKept() {
    return this.#base !== null;
  }

  async #read() {
    if (!this.#base) return;
    const all = this.#base.transaction(["session", "outbox", "entries"]);
    const first = done(all.objectStore("entries").openKeyCursor());
    const last = done(all.objectStore("entries").openKeyCursor(null, "prev"));
    const outbox = done(all.objectStore("outbox").getAll());
    this.session = (await done(all.objectStore("session").get("session"))) ?? null;
    for (const each of (await outbox).sort((a, b) => a.n - b.n)) this.outbox.set(each.id, each);
    this.#order = 1 + Math.max(0, ...[...this.outbox.values()].map(({ n }) => n));
    this.last = Math.max(0, Number((await last)?.key ?? 0));
    // A tab of which we take over may still keep what came to it: no place is that of both.
    const now = Date.now() * 1000;
    this.#next = Math.max(this.last + 1, now);
    this.#low = Math.min(Number((await first)?.key ?? 0) - 1, -now);
  }

  // The store of the client

  async load() {
    const outbox = [...this.outbox.values()].filter(({ failed }) => !failed);
    const waiting = outbox.map(({ id, message, since }) => ({ id, message, since }));
    // A session that no node has welcomed has no rooms to come back to.
    return { ...(this.wasWelcomed && { session: this.session }), outbox: waiting };
  }

  /** @param {Change} change */
  save(change) {
    const { event, position, session, add, sending, remove = [] } = change;
    /** @type {((all: IDBTransaction) => void)[]} */
    const steps = [];
    if (session) {
      this.session = { ...this.session, ...session, positions: { ...session.positions } };
    }
    if (position && this.session) this.session.positions[position.room] = position.position;
    if (session || position) steps.push((all) => all.objectStore("session").put(this.session, "session"));
    if (add) steps.push(this.#putMessage({ ...add, since: null, n: this.#order++, at: Date.now() }));
    for (const id of sending?.ids ?? []) {
      const message = this.outbox.get(id);
      if (message) steps.push(this.#putMessage({ ...message, since: sending?.since }));
    }
    if (event) steps.push(...this.#entry(event));
    for (const id of remove) steps.push(this.#removed(id, event));
    return this.#write(steps, !add && !sending);
  }

  /** @param {any} message */
  #putMessage(message) {
    this.outbox.set(message.id, message);
    return (/** @type {IDBTransaction} */ all) => void all.objectStore("outbox").put(message);
  }

  /** Only an `ack` ends a message well; what was refused stays for its author. @param {string} id @param {any} event */
  #removed(id, event) {
    const message = this.outbox.get(id);
    if (message && !(event?.type === "ack" && event.id === id)) {
      const isRefused = event?.type === "error" && event.id === id && event.code !== "unknown";
      const failed = isRefused ? { state: "refused", why: event.text } : { state: "unknown" };
      return this.#putMessage({ ...message, failed });
    }
    this.outbox.delete(id);
    return (/** @type {IDBTransaction} */ all) => void all.objectStore("outbox").delete(id);
  }

  /** @param {any} event */
  #entry(event) {
    if (!KEPT_TYPES.includes(event.type)) return [];
    const seq = this.#next++;
    this.#seqs.set(event, seq);
    const stored = this.#stored(event);
    return stored ? [adding({ ...stored, seq })] : [];
  }

  /** @param {any} event */
  #stored(event) {
    const { type, room, position, id } = event;
    if (type === "ack") {
      const message = this.outbox.get(id)?.message;
      if (event.to == null || !message) return null;
      const direct = { ...event, type: "direct", from: this.session?.nick, text: message.text };
      if (message.kind) direct.kind = message.kind;
      return { room: `@${fold(event.to)}`, position, event: direct };
    }
    if (type === "direct") {
      const mine = fold(event.from) === fold(this.session?.nick ?? "");
      return { room: `@${fold(mine ? event.to : event.from)}`, position, event };
    }
    if (room == null || position == null) return null;
    return { room: `#${room}`, position: type === "gap" ? `gap ${position}` : position, event };
  }

  /**
   * Make changes in one transaction, in the order of the calls. Those that wait for a transaction
   * under way share the next one: a thousand messages at once need no thousand transactions.
   * @param {((all: IDBTransaction) => void)[]} steps @param {boolean} [waits] @returns {Promise<void>}
   */
  #write(steps, waits) {
    this.#steps.push(...steps);
    return waits && this.#writing ? this.#writing.then(() => this.#flush()) : this.#flush();
  }

  /** @returns {Promise<void>} */
  #flush() {
    const steps = this.#steps.splice(0);
    if (!this.#base || !steps.length) return this.#writing ?? Promise.resolve();
    const writing = /** @type {Promise<void>} */ (new Promise((resolve) => {
      const fail = () => {
        // From now on in memory: the chat goes on.
        if (this.#base) this.onFailure();
        this.#base = null;
        resolve();
      };
      try {
        const all = /** @type {IDBDatabase} */ (this.#base).transaction(
          ["session", "outbox", "entries", "reads"],
          "readwrite",
        );
        for (const step of steps) step(all);
        all.oncomplete = () => resolve();
        all.onabort = fail;
      } catch {
        fail();
      }
    }));
    this.#writing = writing;
    writing.then(() => {
      if (this.#writing === writing) this.#writing = null;
    });
    return writing;
  }

  /** Settled when all that was saved is written. */
  get written() {
    return this.#flush();
  }

  /** Return a store to read from, which has all that was written before. @param {string} name */
  #kept(name) {
    this.#flush();
    return this.#base?.transaction(name).objectStore(name);
  }

  // What the page keeps besides

  /** The place of an event that was saved. @param {object} event */
  seqOf(event) {
    return this.#seqs.get(event) ?? this.#next++;
  }

  /** Keep messages of the history of a room; return their places. @param {string} room @param {any[]} messages oldest first */
  older(room, messages) {
    const seqs = messages.map(() => 0);
    const steps = [];
    for (let i = messages.length - 1; i >= 0; i -= 1) {
      const seq = this.#low--;
      seqs[i] = seq;
      const event = { type: "message", room, ...messages[i] };
      steps.push(adding({ room: `#${room}`, position: event.position, seq, event }));
    }
    this.#write(steps);
    return seqs;
  }

  /** Return kept entries before a place, oldest first. @param {string} id @param {number} before @param {number} most */
  async entries(id, before = Infinity, most = 200) {
    /** @type {any[]} */
    const found = [];
    const index = this.#kept("entries")?.index("order");
    if (!index) return found;
    const range = IDBKeyRange.bound([id, -Infinity], [id, before], false, true);
    const request = index.openCursor(range, "prev");
    await new Promise((resolve) => {
      request.onerror = () => resolve(null);
      request.onsuccess = () => {
        const cursor = request.result;
        if (!cursor || found.length >= most) return resolve(null);
        found.push(cursor.value);
        cursor.continue();
      };
    });
    return found.reverse();
  }

  /** Return all kept entries from one place to before another one, oldest first. @param {string} id @param {number} [from] @param {number} [to] */
  async between(id, from = -Infinity, to = Infinity) {
    const index = this.#kept("entries")?.index("order");
    return index ? done(index.getAll(IDBKeyRange.bound([id, from], [id, to], false, true))) : [];
  }

  /** Return the conversations that have entries. */
  async conversations() {
    /** @type {string[]} */
    const found = [];
    const index = this.#kept("entries")?.index("order");
    if (!index) return found;
    const request = index.openKeyCursor(null, "nextunique");
    await new Promise((resolve) => {
      request.onerror = () => resolve(null);
      request.onsuccess = () => {
        const cursor = request.result;
        if (!cursor) return resolve(null);
        const id = /** @type {any[]} */ (cursor.key)[0];
        found.push(id);
        cursor.continue([id, Infinity]);
      };
    });
    return found;
  }

  /** @returns {Promise<Map<string, any>>} */
  async reads() {
    const reads = this.#kept("reads");
    const all = reads ? await done(reads.getAll()) : [];
    return new Map(all.map((each) => [each.room, each]));
  }

  /** @param {string} id @param {number} seq */
  read(id, seq) {
    this.#write([(all) => void all.objectStore("reads").put({ room: id, seq })]);
  }

  /** Take back a message that failed. @param {string} id */
  discard(id) {
    this.outbox.delete(id);
    this.#write([(all) => void all.objectStore("outbox").delete(id)]);
  }

  /** Note another nick, a token, or that a node has welcomed us. @param {{nick?: string, token?: string, wasWelcomed?: boolean}} fields */
  choose(fields) {
    if (!this.session) return;
    this.session = { ...this.session, ...fields };
    this.#write([(all) => void all.objectStore("session").put(this.session, "session")]);
  }

  /** Forget a conversation. @param {string} id @param {number} [keepNewest] */
  forget(id, keepNewest = 0) {
    this.#write([
      (all) => {
        const index = all.objectStore("entries").index("order");
        const range = IDBKeyRange.bound([id, -Infinity], [id, Infinity]);
        const counted = index.count(range);
        counted.onsuccess = () => {
          let gone = counted.result - keepNewest;
          if (gone <= 0) return;
          const request = index.openCursor(range);
          request.onsuccess = () => {
            const cursor = request.result;
            cursor?.delete();
            if (--gone > 0) cursor?.continue();
          };
        };
      },
      ...(keepNewest ? [] : [(/** @type {IDBTransaction} */ all) => void all.objectStore("reads").delete(id)]),
    ]);
  }

  /** Let kept messages follow the new nick of a person. @param {string} from @param {string} nick */
  rename(from, nick) {
    const [old, id] = [`@${fold(from)}`, `@${fold(nick)}`];
    this.#write([
      (all) => {
        const reads = all.objectStore("reads");
        reads.get(old).onsuccess = ({ target }) => {
          const { result } = /** @type {IDBRequest} */ (target);
          if (result) reads.put({ ...result, room: id });
          reads.delete(old);
        };
      },
      (all) => {
        const range = IDBKeyRange.bound([old, -Infinity], [old, Infinity]);
        const request = all.objectStore("entries").index("order").openCursor(range);
        request.onsuccess = () => {
          const cursor = request.result;
          if (!cursor) return;
          cursor.update({ ...cursor.value, room: id });
          cursor.continue();
        };
      },
    ]);
  }

  /** Keep not more than the newest entries of each conversation. */
  async tidy() {
    for (const id of await this.conversations()) this.forget(id, ENTRIES_MOST);
  }

  /** Erase everything. */
  async erase() {
    this.session = null;
    this.outbox.clear();
    if (!this.#base) return;
    this.#base.close();
    this.#base = null;
    await new Promise((resolve) => {
      const request = indexedDB.deleteDatabase("chat");
      request.onsuccess = request.onerror = request.onblocked = () => resolve(null);
    });
  }
}

/** @param {any} entry */
function adding(entry) {
  return (/** @type {IDBTransaction} */ all) => {
    const request = all.objectStore("entries").add(entry);
    // It is kept already: a crash repeats what came after the last position.
    request.onerror = (error) => {
      error.preventDefault();
      error.stopPropagation();
    };
  };
}
