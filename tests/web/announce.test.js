/** What a screen reader is told. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Lasting, sentences } from "../../web/page/announce.js";
import { Model } from "../../web/page/model.js";
import { speak } from "../../web/page/words.js";
import { words } from "../../web/words/en.js";

speak(words);

const NEWS = [
  { id: "#tea", name: "tea", from: "bo", text: "hi\u202e", open: true },
  { id: "#tea", name: "tea", from: "bo", text: "@ana hi", open: true, named: true },
  { id: "#lab", name: "lab", from: "carla", text: "of no interest" },
  { id: "#lab", name: "lab", from: "carla", text: "@ana look", named: true },
  { id: "@dan", name: "dan", from: "Dan", text: "psst", named: true },
];
const ELSEWHERE = ["carla mentioned you in lab", "Dan sent you a private message"];

test("a reader is told of the open room and of mentions, of mentions only, or of nothing", () => {
  assert.deepEqual(sentences(NEWS, "all"), ["bo: hi\\u202e", "bo: @ana hi", ...ELSEWHERE]);
  assert.deepEqual(sentences(NEWS, "mentions"), ["bo: @ana hi", ...ELSEWHERE]);
  assert.deepEqual(sentences(NEWS, "none"), []);
});

test("more than three messages of the open room are told as a number", () => {
  const [first] = NEWS;
  assert.equal(sentences([first, first, first], "all").length, 3);
  assert.deepEqual(sentences([first, first, first, ...NEWS], "all"), ["5 messages in tea", ...ELSEWHERE]);
  assert.deepEqual(sentences([first, first, first, ...NEWS], "mentions"), ["bo: @ana hi", ...ELSEWHERE]);
});

/** Return what is told when the connection is in these states, one for each second. */
function told(...states) {
  const model = new Model();
  const lasting = new Lasting();
  model.node = "node-1";
  let since = 0;
  return states.map((state, second) => {
    if (state !== states[second - 1]) since = second * 1000;
    model.connection = { state: state === "offline" ? "away" : state, since, isOffline: state === "offline" };
    return lasting.look(model, second * 1000);
  });
}

test("a change of the connection is told once it has lasted three seconds", () => {
  assert.deepEqual(told("live", "live", "live", "live", "live"), [null, null, null, null, null]);
  assert.deepEqual(told("live", "away", "away", "away", "live", "live", "live", "live"), Array(8).fill(null));
  const away = told("live", "away", "away", "away", "away", "away", "live", "live", "live", "live", "live");
  assert.deepEqual(away.filter(Boolean), ["Away for 3 s, trying again", "Connected again"]);
  assert.deepEqual([away[4], away[9]], away.filter(Boolean));
});

test("it is told again when it lasts, whatever came between", () => {
  const offline = told("away", "away", "away", "away", "offline", "offline", "away", "offline", "offline", "offline", "offline");
  assert.deepEqual(offline.filter(Boolean), ["Away for 3 s, trying again", "You are offline"]);
  assert.equal(offline.at(-1), "You are offline");
  // Trying for the first time is like being away.
  assert.deepEqual(told("connecting", "connecting", "away", "away").filter(Boolean), ["Away for 1 s, trying again"]);
});
