/** The pure modules of the page. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { parse } from "../../web/page/commands.js";
import { begun, candidates } from "../../web/page/complete.js";
import { items } from "../../web/page/items.js";
import { parts } from "../../web/page/links.js";
import { Model } from "../../web/page/model.js";
import { status } from "../../web/page/status.js";
import { isTall, pieces, safeText } from "../../web/page/text.js";
import { digestOf } from "../../web/page/version.js";
import { speak } from "../../web/page/words.js";
import { words } from "../../web/words/en.js";

speak(words);

const NOW = Date.UTC(2026, 0, 9, 12);
let seq = 0;

/** A model that is in `general` as ana. */
function begin() {
  const model = new Model();
  seq = 0;
  take(model, { type: "welcome", nick: "ana", node: "node-1" });
  take(model, { type: "joined", room: "general", members: 2, position: "p0" });
  return model;
}

function take(model, event) {
  seq += 1;
  model.take(event, { seq, now: NOW });
}

function message(position, from, text, more = {}) {
  return { type: "message", room: "general", position, at: NOW, from, text, ...more };
}

function shown(model) {
  return items(model, model.open, NOW).map((item) => {
    if (item.kind === "message") return `${item.row.from}: ${item.row.text}${item.state ? ` (${item.state})` : ""}`;
    return item.kind === "presence" ? `presence ${item.rows.length}` : item.kind;
  });
}

test("a message waits below until its echo or acknowledgement comes", () => {
  const model = begin();
  model.posted({ id: "1", conversation: "#general", text: "hi", at: NOW, state: "waiting" });
  take(model, message("p1", "bo", "before"));
  assert.deepEqual(shown(model), ["day", "bo: before", "ana: hi (waiting)"]);
  take(model, { type: "ack", id: "1", room: "general", position: "p2", at: NOW });
  assert.deepEqual(shown(model), ["day", "bo: before", "ana: hi (kept)"]);
  take(model, message("p2", "ana", "hi", { id: "1" }));
  assert.deepEqual(shown(model), ["day", "bo: before", "ana: hi (kept)"]);
  assert.equal(model.outgoing.length, 0);
});

test("an id of somebody else takes nothing away", () => {
  const model = begin();
  model.posted({ id: "1", conversation: "#general", text: "hi", at: NOW, state: "waiting" });
  take(model, message("p1", "bo", "hi", { id: "1" }));
  assert.equal(model.outgoing.length, 1);
});

test("a refused message keeps its text, and says why", () => {
  const model = begin();
  model.posted({ id: "1", conversation: "#general", text: "hi", at: NOW, state: "waiting" });
  take(model, { type: "error", id: "1", code: "text-too-long", text: "Too long." });
  assert.deepEqual(shown(model), ["ana: hi (refused)"]);
  model.posted({ id: "2", conversation: "#general", text: "ho", at: NOW, state: "waiting" });
  take(model, { type: "error", id: "2", code: "unknown", text: "Not known." });
  assert.deepEqual(shown(model), ["ana: hi (refused)", "ana: ho (unknown)"]);
});

test("an entry is shown once", () => {
  const model = begin();
  take(model, message("p1", "bo", "hi"));
  take(model, message("p1", "bo", "hi"));
  assert.deepEqual(shown(model), ["day", "bo: hi"]);
});

test("runs of those who come and go are one row", () => {
  const model = begin();
  for (const [position, type] of [["p1", "entered"], ["p2", "left"], ["p3", "entered"]]) {
    take(model, { type, room: "general", position, at: NOW, nick: "bo", reason: "left" });
  }
  take(model, message("p4", "bo", "hi"));
  assert.deepEqual(shown(model), ["day", "presence 3", "bo: hi"]);
});

test("unread and mentions count what others said after the mark", () => {
  const model = begin();
  const general = model.open;
  take(model, message("p1", "bo", "hello"));
  take(model, message("p2", "ana", "my own"));
  take(model, message("p3", "bo", "Ana, look"));
  assert.deepEqual(general.unread("ana"), { count: 2, named: 1 });
  assert.equal(model.read(general, general.lastSeq), true);
  assert.deepEqual(general.unread("ana"), { count: 0, named: 0 });
  assert.equal(model.read(general, 1), false, "the mark goes forward only");
});

test("the rule stands before the first unread message while the room is open", () => {
  const model = begin();
  take(model, message("p1", "bo", "old"));
  model.read(model.open, model.open.lastSeq);
  model.show(null);
  take(model, message("p2", "bo", "fresh"));
  model.show("#general");
  assert.deepEqual(shown(model), ["day", "bo: old", "new", "bo: fresh"]);
  model.read(model.open, model.open.lastSeq);
  assert.deepEqual(shown(model), ["day", "bo: old", "new", "bo: fresh"]);
});

test("what is marked as unread stays so until the reader comes back to it", () => {
  const model = begin();
  const general = model.open;
  for (const n of [1, 2, 3]) take(model, message(`p${n}`, "bo", `line ${n}`));
  model.readAll(general);
  model.unreadFrom(general, general.rows[1].seq);
  assert.deepEqual(general.unread("ana"), { count: 2, named: 0 });
  assert.deepEqual(shown(model), ["day", "bo: line 1", "new", "bo: line 2", "bo: line 3"]);
  assert.equal(model.read(general, general.lastSeq), false, "it is in view all the time");
  model.show("#general");
  assert.equal(model.read(general, general.lastSeq), true);
  model.unreadFrom(general, general.rows[1].seq);
  model.readAll(general);
  assert.deepEqual(general.unread("ana"), { count: 0, named: 0 });
  assert.deepEqual(shown(model), ["day", "bo: line 1", "bo: line 2", "bo: line 3"]);
});

test("with nothing unread behind it the mark of one's own message holds nothing", () => {
  const model = begin();
  const general = model.open;
  take(model, message("p1", "ana", "mine"));
  model.unreadFrom(general, general.rows[0].seq);
  take(model, message("p2", "bo", "yes"));
  assert.equal(model.read(general, general.lastSeq), true);
});

test("older rows go in above", () => {
  const model = begin();
  take(model, message("p5", "bo", "late"));
  model.open.prepend([{ ...message("p1", "bo", "early"), seq: -1 }, { ...message("p5", "bo", "late"), seq: -2 }]);
  assert.deepEqual(shown(model), ["day", "bo: early", "bo: late"]);
});

test("messages to a person stand in one list, which follows a new nick", () => {
  const model = begin();
  take(model, { type: "direct", position: "d1", at: NOW, from: "bo", to: "ana", text: "psst" });
  model.posted({ id: "7", conversation: "@bo", text: "yes?", at: NOW, state: "waiting" });
  take(model, { type: "ack", id: "7", to: "bo", position: "d2", at: NOW });
  take(model, { type: "renamed", room: "general", position: "p1", at: NOW, from: "bo", nick: "bob" });
  model.show("@bob");
  assert.deepEqual(shown(model), ["day", "new", "bo: psst", "ana: yes? (kept)"]);
});

test("the line about the connection says what is the case", () => {
  const model = begin();
  assert.deepEqual(status(model, NOW), { text: "node-1", connected: true, action: null });
  take(model, { type: "away", why: "gone" });
  model.posted({ id: "1", conversation: "#general", text: "hi", at: NOW, state: "waiting" });
  assert.equal(status(model, NOW + 12_000).text, "Away for 12 s, trying again; 1 message waits");
  take(model, { type: "away", why: "This node is full.", after: 5 });
  assert.equal(status(model, NOW).text, "This node is full. Again in 5 s; 1 message waits");
  model.connection.isOffline = true;
  assert.equal(status(model, NOW).text, "You are offline; 1 message waits");
  model.connection.state = "elsewhere";
  assert.equal(status(model, NOW).action, "here");
});

test("links are http and https only, and shown as typed", () => {
  assert.deepEqual(parts("see https://example.org/a_(b)). Or javascript:alert(1)"), [
    { text: "see " },
    { text: "https://example.org/a_(b)", href: "https://example.org/a_(b)" },
    { text: "). Or javascript:alert(1)" },
  ]);
  assert.equal(parts("https://exаmple.org")[0].host, "xn--exmple-4nf.org");
  assert.equal(parts("https://bank.example@evil.example/")[0].host, "evil.example");
  assert.deepEqual(parts("http://"), [{ text: "http://" }]);
});

test("texts show what is invisible, and few marks on a letter", () => {
  assert.equal(safeText("a\u202eb\nc\td"), "a\\u202eb\nc    d");
  assert.equal(safeText(`a${"\u0301".repeat(50)}`), `a${"\u0301".repeat(8)}`);
});

test("a text of more than twenty lines is tall, also if they are broken by the window", () => {
  assert.equal(isTall("x\n".repeat(19)), false);
  assert.equal(isTall("x\n".repeat(20)), true);
  assert.equal(isTall("x".repeat(2000), 100), false);
  assert.equal(isTall("x".repeat(2001), 100), true);
  assert.equal(isTall("x".repeat(2000), 40), true);
});

test("a long text is cut into pieces, and nothing but white space is lost", () => {
  const text = Array.from({ length: 400 }, (_, n) => `wörd ${n} 🙂`).join(" ");
  const found = pieces(text, 500);
  assert.ok(found.every((piece) => new TextEncoder().encode(piece).length <= 500));
  assert.equal(found.join(" "), text);
});

test("commands are those of the terminal", () => {
  assert.deepEqual(parse("hi"), { type: "say", text: "hi" });
  assert.deepEqual(parse("//hi"), { type: "say", text: "/hi" });
  assert.deepEqual(parse("/me waves"), { type: "say", text: "waves", kind: "action" });
  assert.deepEqual(parse("/msg bo hello\nthere"), { type: "direct", to: "bo", text: "hello\nthere" });
  assert.deepEqual(parse("/msg bo /me waves"), { type: "direct", to: "bo", text: "waves", kind: "action" });
  assert.deepEqual(parse("/msg bo //me"), { type: "direct", to: "bo", text: "/me" });
  assert.equal(parse("/msg bo /quit").key, "onlyMe");
  assert.deepEqual(parse("/JOIN tea"), { type: "join", room: "tea" });
  assert.equal(parse("/join a b").key, "usage");
  assert.equal(parse("/constructor").key, "noCommand");
  assert.equal(parse("  "), null);
});

test("a version is named by the addresses of its files", () => {
  assert.equal(digestOf('<script src="/a/0123abcd/boot.js">'), "0123abcd");
  assert.equal(digestOf("https://chat.example/a/0123abcd/page/version.js"), "0123abcd");
  assert.equal(digestOf("Not found."), null);
});

test("a nick or a room is completed where it begins, up to the caret", () => {
  assert.deepEqual(begun("hi @bo and", 6), { sign: "@", typed: "bo", start: 3, end: 6 });
  assert.deepEqual(begun("#", 1), { sign: "#", typed: "", start: 0, end: 1 });
  assert.equal(begun("(@ö", 3).typed, "ö");
  for (const text of ["mail@bo", "hi", "@bo ", "a#b", "@@"]) assert.equal(begun(text, text.length), null, text);
});

test("of the nicks that fit, who spoke last comes first", () => {
  const model = begin();
  model.open.members = new Map();
  for (const nick of ["zoe", "bo", "ana", "bob", "Boris"]) model.open.members.set(nick.toLowerCase(), { nick, account: false });
  take(model, message("p1", "zoe", "hi"));
  take(model, message("p2", "bob", "hi"));
  take(model, message("p3", "gone", "hi"));
  assert.deepEqual(candidates(model, "@", ""), ["bob", "zoe", "bo", "Boris"]);
  assert.deepEqual(candidates(model, "@", "BO"), ["bob", "bo", "Boris"]);
  assert.deepEqual(candidates(model, "@", "o"), ["bob", "zoe", "bo", "Boris"]);
  assert.deepEqual(candidates(model, "@", "zoe"), [], "it is complete");
  assert.deepEqual(candidates(model, "#", "g"), ["general"]);
});

test("of the rooms that fit, one's own come first, and then all others that are known", () => {
  const model = begin();
  model.ensure("room", "garden");
  model.rooms = ["bags", "games", "General", "tea"];
  assert.deepEqual(candidates(model, "#", "g"), ["garden", "general", "games", "bags"]);
  assert.deepEqual(candidates(model, "#", "te"), ["tea"]);
  assert.deepEqual(candidates(model, "#", "tea"), [], "it is complete");
});

test("of each room a reader is told of all messages, of mentions, or of nothing", () => {
  const model = begin();
  model.isFocused = false;
  const told = (level) => {
    model.open.level = level;
    model.news = [];
    take(model, message(`${level} 1`, "bo", "hello"));
    take(model, message(`${level} 2`, "bo", "@ana"));
    take(model, message(`${level} 3`, "ana", "my own"));
    return model.news.map(({ text, tells, named }) => [text, tells, named]);
  };
  assert.deepEqual(told("all"), [["hello", true, false], ["@ana", true, true]]);
  assert.deepEqual(told("mentions"), [["hello", false, false], ["@ana", true, true]]);
  assert.deepEqual(told("none"), [["hello", false, false], ["@ana", false, false]]);
  assert.equal(model.unread.count, 0, "the title does not count them");
  assert.equal(model.open.unread("ana").count, 6);
});

test("what comes late is counted, and no news", () => {
  const model = begin();
  for (const [position, text] of [["p1", "ana?"], ["p2", "hello"], ["p3", "Ana!"]]) {
    take(model, message(position, "bo", text, { at: NOW - 60_000 }));
  }
  take(model, { type: "direct", position: "d1", at: NOW - 60_000, from: "bo", to: "ana", text: "psst" });
  assert.deepEqual(model.news, []);
  assert.deepEqual([...model.missed], [["#general", 2], ["@bo", 1]]);
});
