/** The notifications of the page. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Notifications } from "../../web/page/notifications.js";
import { speak } from "../../web/page/words.js";
import { words } from "../../web/words/en.js";

speak(words);

/** The notifications that are shown, by their tag. */
const shown = new Map();
const opened = [];

class Shown {
  static permission = "granted";

  constructor(title, { body, tag }) {
    Object.assign(this, { title, body, tag });
    shown.set(tag, this);
  }

  close() {
    if (shown.get(this.tag) === this) shown.delete(this.tag);
  }
}

const texts = () => [...shown.values()].map(({ title, body }) => `${title}: ${body}`);
const message = (text, id = "#lab") => ({ id, name: id.slice(1), from: "bo", text });
let notifications;

beforeEach(() => {
  Object.assign(globalThis, { Notification: Shown, window: { focus() {} } });
  Shown.permission = "granted";
  shown.clear();
  opened.splice(0);
  notifications = new Notifications((id) => opened.push(id));
});

test("each conversation has one, which is gone when it was read", () => {
  notifications.message(message("first"));
  notifications.message(message("second"));
  notifications.message(message("psst", "@bo"));
  assert.deepEqual(texts(), ["bo (#lab): second", "bo: psst"]);
  notifications.wasRead("#lab");
  assert.deepEqual(texts(), ["bo: psst"]);
});

test("a click opens the conversation", () => {
  notifications.message(message("first"));
  shown.get("#lab").onclick();
  assert.deepEqual([opened, shown.size], [["#lab"], 0]);
});

test("after an absence one counts, until all of it was read", () => {
  notifications.missed(new Map([["#lab", 2], ["@bo", 1]]));
  assert.deepEqual(texts(), ["3 messages while you were away: #lab: 2, bo: 1"]);
  notifications.wasRead("#lab");
  assert.equal(shown.size, 1);
  notifications.wasRead("@bo");
  assert.equal(shown.size, 0);
});

test("texts and names of strangers hide nothing", () => {
  notifications.message({ id: "#lab", name: "lab", from: "b\u202eo", text: "a\u202eb\nc" });
  assert.deepEqual(texts(), ["b\\u202eo (#lab): a\\u202eb␊c"]);
});

test("without the permission nothing is shown", () => {
  Shown.permission = "denied";
  notifications.message(message("first"));
  assert.equal(shown.size, 0);
});
