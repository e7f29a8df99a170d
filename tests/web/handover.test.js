/** How a client moves to another node while the first one still works. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { connect } from "../../web/sdk/chat.js";
import { joined, message, World } from "./world.js";

/** A chat whose node has said that it is about to stop, and the two connections. */
async function moving(lasted = 6) {
  const world = new World();
  const { surroundings } = world;
  const chat = connect(["ws://one/ws", "ws://two/ws"], {
    nick: "ana",
    rooms: ["lab"],
    surroundings,
  });
  const shown = [];
  chat.listen(({ event, show }) => show && shown.push(event));
  const old = await world.welcome();
  await world.pass(lasted);
  old.written();
  old.say({ type: "move", within_ms: 5000 });
  await world.pass(0);
  const next = world.sockets.at(-1);
  assert.equal(next.url, "ws://two/ws");
  next.accept();
  await world.settle();
  return { world, chat, old, next, shown };
}

function welcome() {
  const fields = { nick: "ana", node: "two", protocol: 1, resumed: true, limits: {} };
  return { type: "welcome", ref: "hello", ...fields };
}

test("with the welcome of the next node the client is there", async () => {
  const { world, chat, old, next, shown } = await moving();
  old.say(message("1", "p1"));
  const [hello] = next.written();
  assert.deepEqual(hello.positions, { lab: "lab-0" });
  next.say(welcome(), joined("lab"), message("1", "p1"), message("2", "p2"));
  old.say({ type: "bye", reason: "replaced" });
  await world.settle();
  assert.equal(old.readyState, 3);
  assert.equal(chat.node, "two");
  assert.deepEqual(
    shown.filter(({ type }) => type === "message").map(({ text }) => text),
    ["1", "2"],
  );
  assert.ok(shown.every(({ type }) => type !== "away" && type !== "bye"));
  chat.post({ room: "lab", text: "hi" });
  assert.deepEqual(
    next.written().map(({ text }) => text),
    ["hi"],
  );
});

test("after many moves in a row the next node is tried while there is time for it", async () => {
  const { world, old, next } = await moving(1);
  old.say({ type: "bye", reason: "replaced" });
  next.say(welcome(), joined("lab"));
  for (let count = 0, last = next; count < 8; count++) {
    await world.pass(1);
    last.say({ type: "move", within_ms: 1000 });
    await world.pass(0.25);
    const following = world.sockets.at(-1);
    assert.notEqual(following, last);
    following.accept();
    await world.settle();
    following.say(welcome(), joined("lab"));
    await world.settle();
    last = following;
  }
});

test("while it moves, messages go to the first node and requests wait", async () => {
  const { world, chat, old, next } = await moving();
  chat.post({ room: "lab", text: "hi" });
  chat.listRooms();
  assert.deepEqual(
    old.written().map(({ type }) => type),
    ["send"],
  );
  next.written();
  next.say(welcome());
  await world.settle();
  assert.deepEqual(
    next.written().map(({ type }) => type),
    ["rooms", "send"],
  );
});

test("a node that refuses is left, and the requests go to the first one", async () => {
  for (const refuse of [
    (next) => next.say({ type: "bye", reason: "busy", retry_after_ms: 1000 }),
    (next) => next.say({ type: "bye", reason: "idle", retry_after_ms: 0 }, welcome()),
    (next) => next.say({ type: "error", ref: "hello", code: "unavailable", text: "No." }),
    (next) => next.drop(),
    (next) => next.onmessage({ data: "nonsense\n" }),
    async (_, world) => world.pass(2.1),
  ]) {
    const { world, chat, old, next, shown } = await moving();
    chat.listRooms();
    await refuse(next, world);
    await world.settle();
    assert.equal(next.readyState, 3);
    assert.deepEqual(
      old.written().map(({ type }) => type),
      ["rooms"],
    );
    old.say({ type: "rooms", rooms: [], more: false, ref: "ask-1" });
    // It tries again, at the first address.
    await world.pass(0.3);
    assert.equal(world.sockets.at(-1).url, "ws://one/ws");
    assert.ok(shown.every(({ type }) => type !== "away"));
  }
});

test("a ping before the welcome is answered", async () => {
  const { next } = await moving();
  next.written();
  next.say({ type: "ping", ref: "7" }, { type: "new" });
  assert.deepEqual(next.written(), [{ type: "pong", ref: "7" }]);
});

test("a lost first connection waits for the welcome that is on its way", async () => {
  const { world, chat, old, next, shown } = await moving();
  old.drop();
  await world.settle();
  next.say(welcome(), joined("lab"));
  await world.settle();
  assert.equal(chat.isConnected, true);
  assert.equal(chat.node, "two");
  assert.equal(world.sockets.length, 2);
  assert.ok(shown.every(({ type }) => type !== "away"));
});

test("when both connections are lost, the client connects anew", async () => {
  const { world, old, next, shown } = await moving();
  old.drop();
  next.drop();
  await world.pass(0.3);
  assert.equal(world.sockets.length, 3);
  assert.equal(shown.at(-1).type, "away");
});

test("a request without an answer delays the hello, for a second at most", async () => {
  const world = new World();
  const { surroundings } = world;
  const chat = connect(["ws://one/ws", "ws://two/ws"], {
    nick: "ana",
    rooms: ["lab"],
    surroundings,
  });
  const old = await world.welcome();
  await world.pass(6);
  chat.listRooms();
  old.say({ type: "move", within_ms: 5000 });
  await world.pass(0);
  const next = world.sockets.at(-1);
  next.accept();
  await world.pass(0.9);
  assert.deepEqual(next.written(), []);
  await world.pass(0.2);
  assert.deepEqual(
    next.written().map(({ type }) => type),
    ["hello"],
  );
});

test("an answer lets the hello go at once", async () => {
  const world = new World();
  const { surroundings } = world;
  const chat = connect(["ws://one/ws", "ws://two/ws"], {
    nick: "ana",
    rooms: ["lab"],
    surroundings,
  });
  const old = await world.welcome();
  await world.pass(6);
  chat.listRooms();
  old.say({ type: "move", within_ms: 5000 });
  await world.pass(0);
  const next = world.sockets.at(-1);
  next.accept();
  await world.settle();
  old.say({ type: "rooms", rooms: [], more: false, ref: "ask-1" });
  await world.settle();
  assert.deepEqual(
    next.written().map(({ type }) => type),
    ["hello"],
  );
});

test("closing the chat ends both connections, and leaves no timer", async () => {
  const { world, chat, old, next } = await moving();
  const closing = chat.close({ quit: false });
  await world.settle();
  await closing;
  assert.deepEqual([old.readyState, next.readyState], [3, 3]);
  assert.equal(world.timers.size, 0);
});

test("after the time is up the client stays until its bye", async () => {
  const { world, old } = await moving();
  await world.pass(2.1);
  for (let turn = 0; turn < 10; turn += 1) {
    if (world.sockets.at(-1) !== old) world.sockets.at(-1).drop();
    await world.pass(0.5);
  }
  const tried = world.sockets.length;
  for (let turn = 0; turn < 3; turn += 1) {
    if (world.sockets.at(-1) !== old) world.sockets.at(-1).drop();
    await world.pass(1);
  }
  assert.equal(world.sockets.length, tried);
  assert.equal(old.readyState, 1);
});
