/** How the whole client connects, notices a dead node, and comes back. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { connect, Ended, Refused } from "../../web/sdk/chat.js";
import { joined, message, World } from "./world.js";

const ADDRESSES = ["ws://one/ws", "ws://two/ws"];

function begin(world, options = {}) {
  const { surroundings } = world;
  const chat = connect(ADDRESSES, { nick: "ana", rooms: ["lab"], surroundings, ...options });
  const seen = [];
  chat.listen((received) => seen.push(received));
  return { chat, seen, shown: () => seen.filter(({ show }) => show).map(({ event }) => event) };
}

const types = (events) => events.map(({ type }) => type);

test("a silent node is pinged after 10 s, and left 5 s later", async () => {
  const world = new World();
  const { shown } = begin(world);
  const socket = await world.welcome();
  socket.written();
  await world.pass(9.9);
  assert.deepEqual(socket.sent, []);
  await world.pass(0.2);
  assert.deepEqual(types(socket.sent), ["ping"]);
  await world.pass(5);
  assert.equal(socket.readyState, 3);
  assert.match(shown().at(-1).why, /does not answer/);
  assert.equal(world.sockets.at(-1).url, "ws://two/ws");
});

test("an alarm that comes late proves nothing: the node is asked, and gets 5 s", async () => {
  const world = new World();
  begin(world);
  const socket = await world.welcome();
  await world.pass(10, 3600);
  assert.equal(socket.sent.filter(({ type }) => type === "ping").length, 1);
  assert.equal(socket.readyState, 1);
  await world.pass(4.9);
  assert.equal(socket.readyState, 1);
  await world.pass(0.2);
  assert.equal(socket.readyState, 3);
});

test("a late alarm after a ping asks again", async () => {
  const world = new World();
  begin(world);
  const socket = await world.welcome();
  await world.pass(10);
  await world.pass(5, 60);
  assert.equal(socket.sent.filter(({ type }) => type === "ping").length, 2);
  assert.equal(socket.readyState, 1);
});

test("a node that hangs is left after 2 s while others were not tried, and then after 6 s", async () => {
  const world = new World();
  begin(world);
  await world.pass(1.9);
  assert.deepEqual(world.sockets.map(({ url }) => url), ["ws://one/ws"]);
  await world.pass(0.2);
  assert.equal(world.sockets.at(-1).url, "ws://two/ws");
  await world.pass(5.8);
  assert.equal(world.sockets.length, 2);
  await world.pass(1);
  assert.equal(world.sockets.length, 3);
});

test("after waking up a node has 2 s to answer", async () => {
  for (const answers of [true, false]) {
    const world = new World();
    begin(world);
    const socket = await world.welcome();
    world.ask();
    assert.deepEqual(types(socket.sent.slice(-1)), ["ping"]);
    await world.pass(1.9);
    if (answers) socket.say({ type: "pong" });
    await world.pass(0.2);
    assert.equal(socket.readyState, answers ? 1 : 3);
  }
});

test("a client that is away tries at once after waking up, with no backoff left", async () => {
  const world = new World();
  begin(world, { patience: null });
  for (let failures = 0; failures < 8; failures += 1) {
    await world.settle();
    world.sockets.at(-1).drop();
    await world.pass(failures < 7 ? 3 : 0);
  }
  const tried = world.sockets.length;
  world.ask();
  await world.pass(0);
  assert.equal(world.sockets.length, tried + 1);
  world.sockets.at(-1).drop();
  await world.pass(0);
  assert.equal(world.sockets.length, tried + 2);
});

test("nothing shortens the time that a node asks for", async () => {
  const world = new World();
  begin(world);
  const socket = await world.welcome();
  socket.say({ type: "bye", reason: "busy", retry_after_ms: 5000 });
  await world.pass(1);
  world.ask();
  await world.pass(3.9);
  assert.equal(world.sockets.length, 1);
  await world.pass(0.2);
  assert.equal(world.sockets.length, 2);
});

test("what has no answer is written again on the next connection, in order", async () => {
  const world = new World();
  const { chat } = begin(world);
  const first = await world.welcome();
  chat.post({ room: "lab", text: "1" });
  chat.post({ room: "lab", text: "2" });
  chat.join("ops");
  assert.deepEqual(types(first.written()), ["hello", "send", "join"]);
  first.drop();
  await world.pass(0);
  const second = await world.welcome({ resumed: true });
  const [hello, join, send] = second.written();
  assert.deepEqual(hello.positions, { lab: "lab-0" });
  assert.deepEqual([join.room, send.text], ["ops", "1"]);
  second.say({ type: "ack", id: send.id, room: "lab", position: "lab-1", at: 1 });
  assert.deepEqual(
    second.written().map(({ text }) => text),
    ["2"],
  );
});

test("each outage is told once", async () => {
  const world = new World();
  const { shown } = begin(world);
  for (const outages of [1, 2]) {
    const socket = await world.welcome();
    socket.drop();
    await world.pass(0);
    world.sockets.at(-1).drop();
    await world.pass(1);
    assert.equal(types(shown()).filter((type) => type === "away").length, outages);
  }
});

test("the patience counts from the loss of a connection", async () => {
  const world = new World();
  const { chat } = begin(world, { patience: 60 });
  const socket = await world.welcome();
  for (let turn = 0; turn < 20; turn += 1) {
    await world.pass(9);
    socket.say({ type: "ping" });
  }
  socket.drop();
  for (let turn = 0; turn < 9; turn += 1) {
    await world.pass(6);
    assert.equal(chat.failure, null);
  }
  await world.pass(20);
  assert.equal(chat.failure.name, "Unreachable");
});

test("in a page that is hidden for long, attempts become rare", async () => {
  const world = new World();
  begin(world, { patience: null });
  world.hidden = 601;
  for (let failures = 0; failures < 12; failures += 1) {
    await world.settle();
    world.sockets.at(-1).drop();
    await world.pass(30);
  }
  const tried = world.sockets.length;
  world.sockets.at(-1).drop();
  await world.pass(29.9);
  assert.equal(world.sockets.length, tried);
  await world.pass(0.2);
  assert.equal(world.sockets.length, tried + 1);
});

test("a node that is full says so, and until when", async () => {
  const world = new World();
  const { shown } = begin(world);
  world.why = { status: 503, after: 7, text: "This node is full.\n" };
  await world.settle();
  world.sockets.at(-1).drop();
  await world.pass(0);
  assert.deepEqual(shown().at(-1), { type: "away", why: "This node is full.", after: 7 });
  await world.pass(6.9);
  world.why = { status: 426, after: 0, text: "" };
  await world.pass(0.2);
  assert.equal(world.sockets.length, 2);
});

test("a page that may not connect is refused", async () => {
  const world = new World();
  const { chat } = begin(world);
  world.why = { status: 403, after: 0, text: "Not from this origin.\n" };
  await world.settle();
  world.sockets.at(-1).drop();
  await world.pass(0);
  await assert.rejects(chat.ready(), new Refused("http-403", "Not from this origin."));
  assert.equal(chat.failure.code, "http-403");
});

test("what is not of the protocol ends the connection, and not the chat", async () => {
  for (const data of ["[]\n", "x\n", "null\n", new ArrayBuffer(3)]) {
    const world = new World();
    const { shown } = begin(world);
    const socket = await world.welcome();
    socket.onmessage({ data });
    await world.pass(0);
    assert.match(shown().at(-1).why, /does not speak the protocol/);
    assert.equal(world.sockets.length, 2);
  }
});

test("events of unknown types, and those with wrong fields, are passed on unseen", async () => {
  const world = new World();
  const { seen } = begin(world);
  const socket = await world.welcome();
  for (const event of [
    { type: "topic" },
    { type: "constructor" },
    { ...message("hi", "p1"), text: 5 },
    { type: "message", room: "lab" },
    { type: "rooms", rooms: {}, more: false },
  ]) {
    socket.say(event);
    assert.deepEqual(seen.at(-1), { event, show: false, settled: null, end: false });
  }
  socket.say(message("hi", "p1"));
  assert.equal(seen.at(-1).show, true);
});

test("lines of one frame, and frames of half a turn, keep their order", async () => {
  const world = new World();
  const { shown } = begin(world);
  await world.settle();
  const [socket] = world.sockets;
  socket.accept();
  const welcome = { nick: "ana", node: "n", protocol: 1, resumed: false, limits: {} };
  // Before the client can have read its welcome.
  socket.say({ type: "welcome", ...welcome }, joined("lab"), message("1", "p1"));
  socket.say(message("2", "p2"), message("3", "p3"));
  await world.settle();
  assert.deepEqual(types(shown()), ["welcome", "joined", "message", "message", "message"]);
});

test("a listener that fails does not stop the others", async (context) => {
  const world = new World();
  const { chat, seen } = begin(world);
  const faults = [];
  const listeners = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.once("uncaughtException", (fault) => faults.push(fault.message));
  context.after(() => listeners.forEach((each) => process.on("uncaughtException", each)));
  const stop = chat.listen(() => {
    stop();
    throw new Error("bug");
  });
  chat.listen((received) => seen.push(received));
  await world.welcome();
  assert.deepEqual(faults, ["bug"]);
  assert.equal(seen.length, 4);
});

test("the end of the session ends the chat, and all that is awaited", async () => {
  const world = new World();
  const { chat } = begin(world);
  const socket = await world.welcome();
  const { settled } = chat.post({ room: "lab", text: "hi" });
  socket.say({ type: "bye", reason: "kicked", text: "Spam." });
  await assert.rejects(settled, new Ended("kicked", "Spam."));
  assert.equal(await chat.ended, chat.failure);
  await assert.rejects(chat.send("lab", "hi"), Ended);
});

test("closing a chat that is away ends it at once", async () => {
  const world = new World();
  const { chat } = begin(world);
  await world.settle();
  await chat.close();
  assert.equal(world.sockets[0].readyState, 3);
  assert.equal(chat.failure, null);
  assert.equal(await chat.ended, null);
});

test("closing a chat does not wait for another nick", async () => {
  const world = new World();
  const { chat } = begin(world, { rename: () => new Promise(() => {}) });
  await world.settle();
  world.sockets[0].accept();
  await world.settle();
  world.sockets[0].say({ type: "error", ref: "hello", code: "nick-taken", text: "Taken." });
  await world.settle();
  await chat.close();
  await assert.rejects(chat.ready(), /closed/);
});

test("a nick that is taken is changed with rename", async () => {
  const world = new World();
  const asked = [];
  const rename = async (refused) => {
    asked.push([refused.name, refused.code, refused.account]);
    return "ana-2";
  };
  begin(world, { rename });
  await world.settle();
  world.sockets[0].accept();
  await world.settle();
  const error = { type: "error", ref: "hello", code: "nick-taken", text: "Taken.", account: true };
  world.sockets[0].say(error);
  await world.settle();
  assert.deepEqual(asked, [["NickRefused", "nick-taken", true]]);
  world.sockets[1].accept();
  await world.settle();
  assert.equal(world.sockets[1].written()[0].nick, "ana-2");
});

test("closing a chat whose node does not answer takes 2 s", async () => {
  const world = new World();
  const { chat } = begin(world);
  const socket = await world.welcome();
  const closing = chat.close();
  assert.deepEqual(types(socket.sent.slice(-1)), ["quit"]);
  await world.pass(2.1);
  await closing;
  assert.equal(socket.readyState, 3);
});
