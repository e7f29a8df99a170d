"""The list of messages: the reader's place is kept, however much comes, and however long it is."""

from typing import Any

from tests.labs.web.scene import Open, bo_enters
from tests.support.lab import Lab
from tests.support.node_process import NodeProcess
from tests.support.talker import Talker
from tests.support.web_person import WITHIN, Person, api

ROWS_MOST = 400
"""Rows in the document, as web/page/log.js says."""
MANY, BURST = 10_000, 500
LONG = 4 * WITHIN
"""Milliseconds to wait for thousands of messages: a busy machine takes its time to store them."""
TOP = """(log, scrollTop) => {
  if (scrollTop !== null) log.scrollTop = scrollTop;
  const top = log.getBoundingClientRect().top;
  const row = [...log.querySelectorAll("li[data-position]")].find(
    (row) => row.getBoundingClientRect().bottom > top);
  window.anchor = row;
  window.anchorTop = row.getBoundingClientRect().top;
  return row.dataset.position;
}"""
"""Scrolls to a place, if one is given, and remembers the row at the top of the view."""
MOVED = """() => document.contains(window.anchor)
  ? Math.abs(window.anchor.getBoundingClientRect().top - window.anchorTop) : null"""
"""Returns by how many pixels it has moved; null when it is gone."""
WATCH = """log => {
  window.most = 0;
  const list = log.querySelector("ol");
  new MutationObserver(() => {
    window.most = Math.max(window.most, list.childElementCount);
  }).observe(list, { childList: true });
  window.transactions = 0;
  const { transaction } = IDBDatabase.prototype;
  IDBDatabase.prototype.transaction = function (...args) {
    window.transactions += 1;
    return transaction.apply(this, args);
  };
  window.frames = [];
  let last = 0;
  const frame = (now) => {
    if (last) window.frames.push(now - last);
    last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}"""
"""Watches how many rows and transactions there are, and how long frames take."""
P95 = "frames.sort((a, b) => a - b)[Math.floor(frames.length * 0.95)]"


async def say_many(talker: Talker, first: int, count: int) -> None:
    """Let somebody else say numbered lines, and wait until the node has them."""
    for number in range(first, first + count):
        talker.send("send", room="general", text=f"line {number}", id=f"n{number}")
        if number % BURST == 0:
            await talker.drained()
    await talker.expect("ack", id=f"n{first + count - 1}")


async def moved(person: Person) -> Any:
    """Return by how many pixels the row at the top has moved since ``remember``."""
    return await person.page.evaluate(MOVED)


async def remember(person: Person, scroll_top: int | None = None) -> None:
    """Remember the row at the top, after scrolling to a place."""
    await person.log.evaluate(TOP, scroll_top)


async def test_the_reader_stays_where_he_is(node: NodeProcess, open_page: Open, lab: Lab) -> None:
    bo = await bo_enters(lab, node)
    await say_many(bo, 0, 300)
    ana = await open_page(node)
    await ana.enter("ana")
    await ana.sees("line 299")
    first = ana.log.locator("li[data-position]").first
    oldest = await first.get_attribute("data-position")
    await remember(ana, 300)
    # Older rows come in above, new ones below, and the box grows.
    await api.expect(first).not_to_have_attribute("data-position", oldest, timeout=WITHIN)
    assert await moved(ana) <= 1
    await bo.say("general", "one more", "more")
    await ana.button("↓ 1 new").wait_for()
    assert await moved(ana) <= 1
    await ana.box.fill("\n" * 6)
    assert await moved(ana) <= 1
    await ana.box.fill("")
    await ana.button("↓ 1 new").click()
    await ana.sees("one more")
    texts = await ana.texts()
    assert texts == [*(f"line {number}" for number in range(301 - len(texts), 300)), "one more"]


async def test_who_moves_by_keys_can_go_on_after_a_flood(
    node: NodeProcess, open_page: Open, lab: Lab
) -> None:
    bo = await bo_enters(lab, node, ["the first one"])
    ana = await open_page(node)
    await ana.enter("ana")
    await ana.sees("the first one")
    await ana.log.press("End")
    await ana.log.locator("li:focus").wait_for()
    # More than the page keeps in memory: the row with the focus is gone.
    await say_many(bo, 0, 3000)
    await ana.sees("line 2999")
    await ana.page.keyboard.press("PageUp")
    await ana.log.locator("li:focus").wait_for()


async def test_10_000_messages(lab: Lab, open_page: Open) -> None:
    node = await lab.node(None, "--web-port", "0", "--rate", "0", "--history", "20000")
    bo = await bo_enters(lab, node)
    ana = await open_page(node)
    await ana.enter("ana")
    await bo.say("general", "the first one", "first")
    await ana.sees("the first one")
    await ana.log.evaluate(WATCH)
    # At the end the list scrolls along.
    half = MANY // 2
    await say_many(bo, 0, half)
    await ana.log.get_by_text(f"line {half - 1}", exact=True).wait_for(timeout=LONG)
    await api.expect(ana.page).to_have_title("chat", timeout=LONG)
    # Away from the end it stands still.
    await ana.log.evaluate("log => { log.scrollTop -= 2000 }")
    await ana.button("↓ To the end").wait_for()
    await remember(ana)
    await say_many(bo, half, MANY - half)
    await ana.button(f"↓ {MANY - half} new").wait_for(timeout=LONG)
    error = await moved(ana)
    assert error is not None and error <= 1
    await ana.log.press("End")
    await ana.sees(f"line {MANY - 1}")
    assert await ana.page.evaluate("most") <= ROWS_MOST
    assert await ana.log.locator("li").count() <= ROWS_MOST
    # Messages that come while a transaction is under way share the next one.
    assert await ana.page.evaluate("transactions") < MANY / 2
    print("transactions:", await ana.page.evaluate("transactions"))
    print("frame p95:", await ana.page.evaluate(P95), "ms; anchor error:", error, "px")
