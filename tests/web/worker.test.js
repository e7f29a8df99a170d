/** The service worker of the page. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const SOURCE = readFileSync(new URL("../../web/sw.js", import.meta.url), "utf-8");

/** Run the worker of a version where the caches of some versions are; return what it listens to. */
function run(digest, names, page = null) {
  const source = SOURCE.replaceAll("{digest}", digest).replaceAll("{files}", '["/a/x.js"]');
  const listeners = {};
  const caches = {
    keys: async () => names,
    delete: async (name) => names.splice(names.indexOf(name), 1),
    open: async (name) => ({ addAll: async (files) => names.push(`${name}: ${files}`) }),
  };
  const clients = { claim: async () => {}, matchAll: async () => (page ? [page] : []), openWindow: async (url) => names.push(url) };
  const self = { addEventListener: (type, listener) => (listeners[type] = listener), skipWaiting: async () => {}, clients };
  new Function("self", "caches", source)(self, caches);
  return async (type, event = {}) => {
    let done;
    listeners[type]({ ...event, waitUntil: (promise) => (done = promise) });
    await done;
  };
}

test("all files of a version are kept, with the page", async () => {
  const names = [];
  await run("v1", names)("install");
  assert.deepEqual(names, ["chat v1: /,/a/x.js"]);
});

test("an open page may get more of the last version, but not of older ones", async () => {
  const names = ["chat v1", "other", "chat v2", "chat v3"];
  await run("v3", names)("activate");
  assert.deepEqual(names, ["other", "chat v2", "chat v3"]);
});

test("a notification that is clicked opens its conversation", async () => {
  const done = [];
  const notification = { tag: "#lab", close: () => done.push("closed") };
  const page = { postMessage: (message) => done.push(message), focus: async () => done.push("focus") };
  await run("v1", done, page)("notificationclick", { notification });
  assert.deepEqual(done, ["closed", { open: "#lab" }, "focus"]);
  await run("v1", done)("notificationclick", { notification });
  assert.deepEqual(done.slice(3), ["closed", "/"]);
});
