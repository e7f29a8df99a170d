/** Parts of the SDK that the Python client has not, or has in another form. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { parseAddresses } from "../../web/sdk/addresses.js";
import { connect, Overrun, Refused } from "../../web/sdk/chat.js";
import { EventQueue } from "../../web/sdk/event_queue.js";
import { ReadState } from "../../web/sdk/read_state.js";
import { clock, surroundings } from "../../web/sdk/surroundings.js";
import { joined, World } from "./world.js";

test("addresses are those of WebSocket, and relative to the page", () => {
  assert.deepEqual(parseAddresses("wss://chat.example/ws"), ["wss://chat.example/ws"]);
  assert.deepEqual(parseAddresses(["ws://a/ws", "http://a/ws", "https://b/ws"]), [
    ...["ws://a/ws", "wss://b/ws"],
  ]);
  const page = "https://chat.example:8443/room?x#y";
  assert.deepEqual(parseAddresses([], page), ["wss://chat.example:8443/ws"]);
  assert.deepEqual(parseAddresses(undefined, page), ["wss://chat.example:8443/ws"]);
  assert.deepEqual(parseAddresses("/other", page), ["wss://chat.example:8443/other"]);
  for (const wrong of ["chat.example", "localhost:9999", "ftp://a/ws", "javascript:alert(1)", []]) {
    assert.throws(() => parseAddresses(wrong), TypeError, String(wrong));
  }
});

/** Two clocks in milliseconds that a test moves, and the clock that is made of them. */
function clocks() {
  const at = { steady: 5000, wall: 1e12 };
  const now = clock(
    () => at.steady,
    () => at.wall,
  );
  return { at, grown: () => Math.round(now() * 1000 - 1e12) };
}

test("time grows by the larger of what both clocks grew by", () => {
  const { at, grown } = clocks();
  at.steady += 1000;
  at.wall += 1000;
  assert.equal(grown(), 1000);
  at.wall += 3_600_000; // asleep: the steady clock stood still
  assert.equal(grown(), 3_601_000);
  at.wall -= 7_200_000; // set back
  at.steady += 500;
  assert.equal(grown(), 3_601_500);
  at.steady += 10;
  at.wall += 600_000; // asleep again
  assert.equal(grown(), 4_201_500);
});

test("time never goes back, and does not run fast when it is asked often", () => {
  const { at, grown } = clocks();
  at.wall += 900;
  assert.equal(grown(), 900);
  at.wall -= 900;
  assert.equal(grown(), 900);
  at.steady += 2000;
  at.wall += 2000;
  let last = grown();
  const start = last;
  for (let turn = 0; turn < 10_000; turn += 1) {
    at.steady += 0.3;
    at.wall = 1e12 + 2000 + Math.floor(turn * 0.3);
    const next = grown();
    assert.ok(next >= last);
    last = next;
  }
  assert.equal(last - start, 3000);
});

test("secrets are random, in hexadecimal", () => {
  const { secret } = surroundings();
  assert.match(secret(16), /^[0-9a-f]{32}$/);
  assert.notEqual(secret(16), secret(16));
});

test("while nobody iterates the newest thousand events are kept", async () => {
  const queue = new EventQueue();
  for (let n = 0; n < 1500; n += 1) queue.put({ type: "x", n });
  queue.end(null);
  const all = [];
  for await (const { n } of queue.take()) all.push(n);
  assert.deepEqual([all.length, all[0], all.at(-1)], [1000, 500, 1499]);
});

test("who iterates and is 10,000 events behind is told", async () => {
  const queue = new EventQueue();
  queue.put({ type: "x", n: 0 });
  const iterator = queue.take();
  await iterator.next();
  for (let n = 1; n <= 9999; n += 1) queue.put({ type: "x", n });
  assert.equal((await iterator.next()).value.n, 1);
  queue.put({ type: "x" });
  queue.put({ type: "x" });
  await assert.rejects(iterator.next(), Overrun);
  // The next one begins with what is kept.
  queue.end(null);
  let count = 0;
  for await (const _ of queue.take()) count += 1;
  assert.equal(count, 1000);
});

test("an iteration waits for news, and throws what ended the chat", async () => {
  const queue = new EventQueue();
  const iterator = queue.take();
  const next = iterator.next();
  queue.put({ type: "x" });
  assert.deepEqual(await next, { value: { type: "x" }, done: false });
  const last = iterator.next();
  queue.end(new Error("over"));
  await assert.rejects(last, /over/);
});

test("only the newest positions of a room are recognised", () => {
  const state = new ReadState();
  state.enter(joined("lab", "p0"));
  for (let n = 1; n <= 2000; n += 1) assert.ok(state.deliver("lab", `p${n}`));
  assert.ok(!state.deliver("lab", "p1"));
  assert.ok(state.deliver("lab", "p0"));
});

test("what no node would take is refused before anything is sent", () => {
  const { surroundings: fake } = new World();
  assert.throws(() => connect("ws://a/ws", { nick: "\ud800", surroundings: fake }), Refused);
  assert.throws(() => connect("nowhere", { nick: "ana", surroundings: fake }), TypeError);
  const chat = connect("ws://a/ws", { nick: "ana", surroundings: fake });
  assert.throws(() => chat.post({ room: "lab", text: " " }), { code: "empty-text" });
  assert.throws(() => chat.post({ room: "x".repeat(20_000), text: "hi" }), {
    code: "line-too-long",
  });
  assert.deepEqual(chat.waiting, []);
});
