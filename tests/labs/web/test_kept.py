"""What the browser keeps: the newest messages of each conversation, in a real browser."""

from tests.labs.web.scene import Open
from tests.support.node_process import NodeProcess

MOST = 5000
"""Messages of a conversation that are kept, as web/page/keep.js says."""
SEED = """async (counts) => {
  const base = await new Promise((resolve) => {
    const request = indexedDB.open("chat");
    request.onsuccess = () => resolve(request.result);
  });
  const all = base.transaction("entries", "readwrite");
  let seq = 0;
  for (const [from, count] of Object.entries(counts)) {
    for (let n = 0; n < count; n += 1) {
      const event = { type: "direct", from, to: "ana", text: `line ${n}`, at: Date.now() };
      seq += 1;
      all.objectStore("entries").add({ seq, room: `@${from}`, position: `${n}`, event });
    }
  }
  await new Promise((resolve) => { all.oncomplete = resolve; });
  base.close();
}"""
"""Keeps so many messages of each of some people."""
COUNT = """window.steps = 0;
for (const name of ["continue", "delete"]) {
  const act = IDBCursor.prototype[name];
  IDBCursor.prototype[name] = function (...all) {
    window.steps += 1;
    return act.apply(this, all);
  };
}"""
TIDY = """async () => {
  const base = await new Promise((resolve) => {
    const request = indexedDB.open("chat");
    request.onsuccess = () => resolve(request.result);
  });
  while (true) {
    const store = base.transaction("entries").objectStore("entries");
    const request = store.index("order").getAllKeys(IDBKeyRange.bound(["@bo", 0], ["@bo", 1e9]));
    await new Promise((resolve) => { request.onsuccess = resolve; });
    if (request.result.length <= 5000) {
      base.close();
      return [request.result.length, request.result[0], window.steps];
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}"""
"""Waits until the oldest messages of bo are gone; returns how many are left, and the first one."""


async def test_only_what_is_too_old_is_walked_through(node: NodeProcess, open_page: Open) -> None:
    ana = await open_page(node)
    await ana.enter("ana")
    await ana.page.evaluate(SEED, {"bo": MOST + 3, "cy": MOST})
    await ana.page.add_init_script(COUNT)
    await ana.page.reload()
    await ana.connected()
    left, first, steps = await ana.page.evaluate(TIDY)
    assert (left, first) == (MOST, 4)
    # While the page walks through what it keeps, messages wait to be stored, and to be sent.
    assert steps < 1000


SEND_AND_CLOSE = """box => {
  const { transaction } = IDBDatabase.prototype;
  IDBDatabase.prototype.transaction = function (...all) {
    const found = transaction.apply(this, all);
    const goOn = () => { found.objectStore("reads").get("").onsuccess = goOn; };
    if (all[1] === "readwrite") goOn();
    return found;
  };
  const enter = { key: "Enter", bubbles: true, cancelable: true };
  box.dispatchEvent(new KeyboardEvent("keydown", enter));
  setTimeout(() => location.reload(), 200);
}"""
"""Sends what is in the box while no transaction ends, and reloads the page."""


async def test_a_draft_is_there_until_its_message_is_kept(
    node: NodeProcess, open_page: Open
) -> None:
    ana = await open_page(node)
    await ana.enter("ana")
    await ana.say("before")
    await ana.kept("before")
    await ana.page.reload()
    await ana.connected()
    assert await ana.box.input_value() == ""
    await ana.box.fill("in a hurry")
    async with ana.page.expect_navigation():
        await ana.box.evaluate(SEND_AND_CLOSE)
    await ana.connected()
    assert await ana.box.input_value() == "in a hurry"
