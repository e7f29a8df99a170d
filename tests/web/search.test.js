/** The search of the page. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Conversation } from "../../web/page/conversation.js";
import { begin, excerpt, HITS_MOST, look } from "../../web/page/find.js";
import { Refused } from "../../web/sdk/errors.js";
import { Loader } from "../../web/page/loader.js";
import { Searcher } from "../../web/page/searcher.js";

const row = (n, text) => ({ type: "message", seq: n, position: `p${n}`, at: n, from: "bo", text });

/** A page whose room has ten messages on the device, and forty more on the node. */
function begin_page({ isKept = true, fail = () => null } = {}) {
  const where = new Conversation("room", "lab");
  const all = Array.from({ length: 50 }, (_, n) => row(n, n % 5 ? "apple" : "pear"));
  for (const each of all.slice(40)) where.add(each);
  const asked = [];
  const page = {
    model: { open: where, search: null },
    draw() {},
    keep: {
      isKept,
      entries: async () => [],
      older: (_, messages) => messages.map(({ position }) => Number(position.slice(1))),
      between: async () => all.slice(40).map(({ seq, position, ...event }) => ({ seq, position, event: { ...event, position } })),
    },
    chat: {
      isConnected: true,
      async history(_, { before }) {
        asked.push(before);
        const error = fail(asked.length);
        if (error) throw error;
        const end = all.findIndex(({ position }) => position === before);
        return { messages: all.slice(Math.max(0, end - 15), end), more: end > 15 };
      },
    },
  };
  page.loader = new Loader(page, async () => {});
  return { page, asked, where, searcher: new Searcher(page) };
}

test("a search looks at the device first, and then at all that is kept", async () => {
  const { page, asked, searcher } = begin_page();
  await searcher.find("PEAR");
  const { search } = page.model;
  assert.deepEqual([search.found, search.looked, search.state], [2, 10, "here"]);
  await searcher.all();
  assert.deepEqual([search.found, search.looked, search.state], [10, 50, "done"]);
  assert.deepEqual(search.hits.map(({ seq }) => seq), [45, 40, 35, 30, 25, 20, 15, 10, 5, 0]);
  assert.deepEqual(asked, ["p40", "p25", "p10"]);
});

test("where nothing is kept the rows that are fetched stay in memory", async () => {
  const { page, where, searcher } = begin_page({ isKept: false });
  await searcher.find("pear");
  await searcher.all();
  assert.equal(page.model.search.found, 10);
  assert.deepEqual(where.rows.map(({ seq }) => seq), Array.from({ length: 50 }, (_, n) => n));
});

test("a search that is stopped keeps what it found", async () => {
  const { page, asked, searcher } = begin_page({ fail: (n) => void (n === 2 && searcher.stop()) });
  await searcher.find("pear");
  await searcher.all();
  assert.deepEqual([asked.length, page.model.search.found, page.model.search.state], [2, 5, "stopped"]);
});

test("another word ends the search for the last one", async () => {
  const { page, asked, searcher } = begin_page({ fail: (n) => void (n === 1 && searcher.find("apple")) });
  await searcher.find("pear");
  await searcher.all();
  assert.deepEqual([asked.length, page.model.search.query, page.model.search.found], [1, "apple", 8]);
});

test("a busy node is asked again, and one that refuses is not", async () => {
  const refuse = (code) => new Refused(code, code);
  const busy = begin_page({ fail: (n) => (n === 1 ? refuse("rate-limited") : null) });
  await busy.searcher.find("pear");
  await busy.searcher.all();
  assert.deepEqual([busy.asked.length, busy.page.model.search.state], [4, "done"]);
  const left = begin_page({ fail: () => refuse("not-in-room") });
  await left.searcher.find("pear");
  await left.searcher.all();
  assert.deepEqual([left.asked.length, left.page.model.search.state], [1, "stopped"]);
});

test("a reader who scrolls up waits for a busy node, up to five times", async () => {
  const { page, asked, where } = begin_page({ fail: (n) => n < 3 && new Refused("unavailable", "Busy.") });
  await page.loader.older();
  assert.deepEqual([asked, where.rows.length, where.isLoading], [["p40", "p40", "p40"], 25, false]);
  const never = begin_page({ fail: () => new Refused("rate-limited", "Too fast.") });
  await never.page.loader.older();
  assert.deepEqual([never.asked.length, never.where.rows.length, never.where.isLoading], [5, 10, false]);
});

test("all hits count, and the newest are listed", () => {
  const search = begin(new Conversation("room", "lab"), "a");
  look(search, Array.from({ length: 500 }, (_, n) => row(n, "a")));
  assert.deepEqual([search.found, search.hits.length, search.hits[0].seq], [500, HITS_MOST, 499]);
});

test("spellings that are one name are one word", () => {
  const search = begin(new Conversation("room", "lab"), "ｓｔｒａßｅ");
  look(search, [row(1, "Straße"), row(2, "street")]);
  assert.equal(search.found, 1);
});

test("an excerpt marks the matches, and begins before the first one", () => {
  assert.deepEqual(excerpt("Pear, pear\nand apple", "pear"), ["", "Pear", ", ", "pear", " and apple"]);
  assert.deepEqual(excerpt("a (b) c", "(B)"), ["a ", "(b)", " c"]);
  assert.deepEqual(excerpt("two\n words", "two words"), ["", "two words", ""]);
  const long = excerpt(`${"lorem ipsum ".repeat(50)}pear ${"dolor ".repeat(50)}`, "pear");
  assert.match(long[0], /^…/);
  assert.equal(long[1], "pear");
  assert.ok(long.join("").length < 165);
});

test("what was fetched after a search began is searched by going on", async () => {
  const { page, asked, searcher } = begin_page({ fail: (n) => void (n === 1 && searcher.stop()) });
  await searcher.find("pear");
  await searcher.all();
  // The page that was on its way is in the store by now.
  page.keep.between = async () => [{ seq: 25, position: "p25", event: { type: "message", position: "p25" } }];
  await searcher.all();
  assert.deepEqual([asked[1], page.model.search.found, page.model.search.looked], ["p40", 10, 50]);
});

test("a search ends when another room is opened", async () => {
  const { page, asked, searcher } = begin_page({ fail: (n) => void (n === 1 && (page.model.search = null)) });
  await searcher.find("pear");
  await searcher.all();
  assert.equal(asked.length, 1);
  page.keep.between = async () => void (page.model.open = new Conversation("room", "tea")) ?? [];
  await searcher.find("apple");
  assert.equal(page.model.search, null);
});

test("a phrase is found over a line end, however many spaces were typed", () => {
  const search = begin(new Conversation("room", "lab"), "two  words");
  look(search, [row(1, "two\n words"), row(2, "twowords")]);
  assert.equal(search.found, 1);
});
