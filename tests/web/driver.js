/**
 * Runs chats of the SDK as a test says. On standard input come lines `{n, chat, call, args}`, where
 * `chat` is a name of the test's choice. To standard output go `{n, result}` or `{n, error}`, and
 * for each event of a chat `{chat, at, event, show, settled, end}`. With the option `trace` it also
 * tells `{chat, at, connection, wrote}` and `{chat, at, connection, closed}`.
 */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";

import { connect } from "../../web/sdk/chat.js";
import { withSuffix } from "../../web/sdk/names.js";
import { surroundings } from "../../web/sdk/surroundings.js";

const chats = new Map();
/** The newest socket of each chat that is traced. */
const sockets = new Map();
let connections = 0;
const iterators = new Map();

const STATE = ["nick", "node", "rooms", "positions", "isConnected", "waiting"];

const CALLS = {
  connect(name, [addresses, { store, rename, base, trace, ...options }]) {
    const chat = connect(addresses, {
      ...options,
      ...(store && { store: new FileStore(store) }),
      ...(rename && { rename: async () => withSuffix(options.nick) }),
      ...(base && { surroundings: surroundings(new URL(base)) }),
      ...(trace && { surroundings: traced(name), rename: () => pause(1000, options.nick) }),
    });
    chats.set(name, chat);
    chat.listen((received) => say({ chat: name, at: seconds(), ...received }));
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
  /** Break the connection of a chat that is traced. */
  abort: (name) => sockets.get(name)?.close(),
  async default(name, call, args) {
    return chats.get(name)[call](...args);
  },
};

/** Surroundings that tell of each request that is written, and of each connection that ends. */
function traced(name) {
  const own = surroundings();
  return {
    ...own,
    open(url) {
      const socket = own.open(url);
      const connection = ++connections;
      let isOver = false;
      const end = (reason) => {
        if (!isOver) say({ chat: name, at: seconds(), connection, closed: reason });
        isOver = true;
      };
      const [send, close] = [socket.send.bind(socket), socket.close.bind(socket)];
      socket.send = (line) => {
        say({ chat: name, at: seconds(), connection, wrote: JSON.parse(line) });
        send(line);
      };
      socket.close = () => {
        end("lost");
        close();
      };
      socket.addEventListener("close", ({ reason }) => end(reason || "lost"));
      sockets.set(name, socket);
      return socket;
    },
  };
}

/** The system's monotonic clock, which Python's time.monotonic also reads. */
function seconds() {
  return Number(process.hrtime.bigint()) / 1e9;
}

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
