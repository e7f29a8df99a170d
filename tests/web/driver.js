/**
 * Runs chats of the SDK as a test says. On standard input come lines `{n, chat, call, args}`, where
 * `chat` is a name of the test's choice. To standard output go `{n, result}` or `{n, error}`, and
 * for each event of a chat `{chat, event, show, settled, end}`.
 */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";

import { connect } from "../../web/sdk/chat.js";
import { withSuffix } from "../../web/sdk/names.js";
import { surroundings } from "../../web/sdk/surroundings.js";

const chats = new Map();
const iterators = new Map();

const STATE = ["nick", "node", "rooms", "positions", "isConnected", "waiting"];

const CALLS = {
  connect(name, [addresses, { store, rename, base, ...options }]) {
    const chat = connect(addresses, {
      ...options,
      ...(store && { store: new FileStore(store) }),
      ...(rename && { rename: async () => withSuffix(options.nick) }),
      ...(base && { surroundings: surroundings(new URL(base)) }),
    });
    chats.set(name, chat);
    chat.listen((received) => say({ chat: name, ...received }));
    chat.ended.then((error) => say({ chat: name, ended: error && plain(error) }));
  },
  state: (name) => Object.fromEntries(STATE.map((each) => [each, chats.get(name)[each]])),
  post: (name, [message]) => chats.get(name).post(message).id,
  /** Return so many events of the chat's iterator; null stands for its end. */
  async take(name, [count]) {
    if (!iterators.has(name)) iterators.set(name, chats.get(name)[Symbol.asyncIterator]());
    const events = [];
    while (events.length < count) {
      const { value, done } = await iterators.get(name).next();
      events.push(done ? null : value);
      if (done) break;
    }
    return events;
  },
  async default(name, call, args) {
    return chats.get(name)[call](...args);
  },
};

/** Keeps everything in one file; each change is one write. */
class FileStore {
  constructor(path) {
    this.path = path;
    this.kept = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : { outbox: [] };
  }

  async load() {
    return structuredClone(this.kept);
  }

  async save({ position, session, add, sending, remove = [], event }) {
    const { kept } = this;
    if (session) kept.session = session;
    if (position) kept.session.positions[position.room] = position.position;
    if (add) kept.outbox.push({ ...add, since: null });
    for (const entry of kept.outbox)
      if (sending?.ids.includes(entry.id)) entry.since = sending.since;
    kept.outbox = kept.outbox.filter(({ id }) => !remove.includes(id));
    if (event) kept.entries = [...(kept.entries ?? []), event];
    writeFileSync(this.path, JSON.stringify(kept));
  }
}

function plain({ name, message, code, room, reason, account }) {
  return { name, message, code, room, reason, account };
}

function say(object) {
  process.stdout.write(JSON.stringify(object) + "\n");
}

async function carryOut({ n, chat, call, args }) {
  try {
    const found = CALLS[call] ? CALLS[call](chat, args) : CALLS.default(chat, call, args);
    say({ n, result: (await found) ?? null });
  } catch (error) {
    say({ n, error: plain(error) });
  }
}

for await (const line of createInterface({ input: process.stdin })) carryOut(JSON.parse(line));
process.exit();
