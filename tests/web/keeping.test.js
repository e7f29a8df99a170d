/** What a store is told, and what a chat makes of it. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { connect } from "../../web/sdk/chat.js";
import { message, World } from "./world.js";

/** Notes the changes; each is kept when the test says so. */
class Store {
  changes = [];
  waiting = [];
  isSlow = false;

  constructor(kept = null) {
    this.kept = kept;
  }

  async load() {
    return this.kept;
  }

  save(change) {
    this.changes.push(change);
    return this.isSlow ? new Promise((resolve) => this.waiting.push(resolve)) : Promise.resolve();
  }

  keep() {
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}

function begin(world, store, options = {}) {
  const { surroundings } = world;
  return connect("ws://one/ws", { nick: "ana", rooms: ["lab"], store, surroundings, ...options });
}

const session = {
  ...{ key: "k".repeat(32), nick: "anna", rooms: ["lab", "ops"], attempt: 5e12 },
  positions: { lab: "lab-7", "@": "in-3" },
};

test("a message is kept, then written, and leaves with its ack", async () => {
  const [world, store] = [new World(), new Store()];
  const chat = begin(world, store);
  const socket = await world.welcome();
  socket.written();
  store.changes.splice(0);
  store.isSlow = true;
  const { id } = chat.post({ room: "lab", text: "hi" });
  await world.settle();
  const since = world.time;
  const request = { type: "send", room: "lab", text: "hi", id };
  assert.deepEqual(store.changes, [
    { add: { id, message: request } },
    { sending: { ids: [id], since } },
  ]);
  assert.deepEqual(socket.written(), []);
  store.keep();
  await world.settle();
  assert.deepEqual(socket.written(), [request]);
  const ack = { type: "ack", id, room: "lab", position: "lab-1", at: 1 };
  socket.say(ack);
  assert.deepEqual(store.changes.at(-1), { event: ack, remove: [id] });
});

test("a message that is written again keeps the time of its first writing", async () => {
  const [world, store] = [new World(), new Store()];
  const since = world.time - 60;
  const old = { type: "send", room: "lab", text: "old", id: "old" };
  store.kept = { session, outbox: [{ id: "old", message: old, since }] };
  begin(world, store);
  for (const _ of "12") {
    const socket = await world.welcome();
    assert.deepEqual(socket.written().at(-1), old);
    assert.ok(store.changes.every(({ sending }) => !sending));
    socket.drop();
    await world.pass(1);
  }
});

test("a message is announced to the store before its first writing only", async () => {
  const [world, store] = [new World(), new Store()];
  const chat = begin(world, store);
  const first = await world.welcome();
  const { id } = chat.post({ room: "lab", text: "hi" });
  await world.settle();
  first.drop();
  await world.pass(1);
  const second = await world.welcome({ resumed: true });
  assert.equal(second.written().at(-1).id, id);
  assert.equal(store.changes.filter(({ sending }) => sending).length, 1);
});

test("what follows a message that is being kept is written after it", async () => {
  const [world, store] = [new World(), new Store()];
  const chat = begin(world, store);
  const socket = await world.welcome();
  socket.written();
  store.isSlow = true;
  chat.post({ room: "lab", text: "hi" });
  chat.leave("lab");
  await world.settle();
  assert.deepEqual(socket.written(), []);
  store.keep();
  await world.settle();
  assert.deepEqual(
    socket.written().map(({ type }) => type),
    ["send", "leave"],
  );
});

test("an entry and the position that it moves are one change", async () => {
  const [world, store] = [new World(), new Store()];
  begin(world, store);
  const socket = await world.welcome();
  const event = message("hi", "lab-1");
  socket.say(event);
  assert.deepEqual(store.changes.at(-1), { event, position: { room: "lab", position: "lab-1" } });
  const count = store.changes.length;
  socket.say(event);
  assert.ok(store.changes.slice(count).every((change) => !change.event));
});

test("a room that is left is forgotten with its position", async () => {
  const [world, store] = [new World(), new Store()];
  const chat = begin(world, store);
  const socket = await world.welcome();
  chat.leave("lab");
  const left = { type: "left", room: "lab", nick: "ana", reason: "left", ref: "ask-1" };
  socket.say(left);
  const change = store.changes.at(-1);
  assert.deepEqual([change.session.rooms, change.session.positions], [[], {}]);
  assert.equal(change.position, undefined);
});

test("a reload goes on with key, nick, rooms, positions and a higher attempt", async () => {
  const world = new World();
  begin(world, new Store({ session, outbox: [] }));
  await world.settle();
  world.sockets[0].accept();
  await world.settle();
  assert.deepEqual(world.sockets[0].written(), [
    {
      ...{ type: "hello", ref: "hello", nick: "anna", key: session.key, attempt: 5e12 + 1 },
      ...{ rooms: ["lab", "ops"], positions: session.positions },
    },
  ]);
});

test("a page that is reloaded before it is in its rooms asks for them again", async () => {
  for (const rooms of [["lab", "ops"], undefined]) {
    const [world, store] = [new World(), new Store()];
    begin(world, store, { rooms });
    await world.settle();
    world.sockets[0].accept();
    await world.settle();
    const kept = store.changes.at(-1).session;
    const later = new World();
    begin(later, new Store({ session: kept }), { nick: undefined, rooms: undefined });
    await later.settle();
    later.sockets[0].accept();
    await later.settle();
    const [hello] = later.sockets[0].written();
    assert.deepEqual([hello.nick, hello.key, hello.rooms], ["ana", kept.key, rooms]);
  }
});

test("after a reload a message goes on by its age", async () => {
  const world = new World();
  const entry = (id, since) => ({
    id,
    message: { type: "send", room: "lab", text: id, id },
    since,
  });
  const outbox = [
    entry("old", world.time - 291),
    entry("future", world.time + 60),
    entry("young", world.time - 60),
    entry("new", null),
  ];
  const store = new Store({ session, outbox });
  const chat = begin(world, store, { window: 9 });
  const unknown = [];
  chat.listen(({ event }) => event.code === "unknown" && unknown.push(event.id));
  chat.post({ room: "lab", text: "later" });
  const socket = await world.welcome();
  assert.deepEqual(unknown, ["old", "future"]);
  const texts = socket.written().map(({ text }) => text);
  assert.deepEqual(texts, [undefined, "young", "new", "later"]);
  const removed = store.changes.flatMap(({ remove }) => remove ?? []);
  assert.deepEqual(removed, ["old", "future"]);
  assert.deepEqual(
    chat.waiting.map(({ message: { text }, state }) => [text, state]),
    [
      ["young", "written"],
      ["new", "written"],
      ["later", "written"],
    ],
  );
});

test("without a store that works the chat goes on", async () => {
  for (const failing of ["load", "save"]) {
    const [world, store] = [new World(), new Store()];
    store[failing] = () => Promise.reject(new Error("full"));
    const chat = begin(world, store);
    const socket = await world.welcome();
    chat.post({ room: "lab", text: "hi" });
    await world.settle();
    assert.deepEqual(
      socket.written().map(({ type }) => type),
      ["hello", "send"],
    );
  }
});
