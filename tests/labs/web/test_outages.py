"""Nodes die, hang and come back, networks go away, machines sleep: nothing is lost or doubled."""

import re

import pytest_asyncio

from tests.labs.web.relay import Relay
from tests.labs.web.scene import Open, Relays, two, url_of, with_clock
from tests.support.lab import Lab
from tests.support.node_process import Address, NodeProcess
from tests.support.ports import free_port
from tests.support.web_person import Person

FORBIDDEN = """
  for (const name of ["indexedDB", "localStorage"]) {
    const get = () => { throw new DOMException("no", "SecurityError"); };
    Object.defineProperty(window, name, { get });
  }
"""
"""Forbids to keep anything, as some browsers do in private windows."""
THREE = ["number 0", "number 1", "number 2"]


@pytest_asyncio.fixture(loop_scope="session")
async def nodes(lab: Lab) -> list[NodeProcess]:
    """Two processes of nodes over one Redis."""
    redis = await lab.redis()
    return [await lab.node(redis, "--web-port", "0", "--grace", "120") for _ in "12"]


@pytest_asyncio.fixture(loop_scope="session")
async def relay(nodes: list[NodeProcess], relays: Relays) -> Relay:
    """A relay to the first node."""
    return await relays(*nodes)


async def say_all(person: Person, texts: list[str]) -> None:
    """Send messages, one after the other."""
    for text in texts:
        await person.say(text)


async def test_a_killed_node_loses_doubles_and_moves_nothing(
    nodes: list[NodeProcess], relay: Relay, open_page: Open
) -> None:
    ana, bo = await two(open_page, relay.url, url_of(nodes[1]))
    said = {nick: [f"{nick} says {number:02}" for number in range(16)] for nick in ("ana", "bo")}
    for number in range(16):
        if number == 8:
            await ana.sees("bo says 07")
            before = await ana.texts()
            await nodes[0].kill()
            await ana.told(re.compile("^Away for|^Connecting"))
        await ana.say(said["ana"][number])
        await bo.say(said["bo"][number])
    await ana.told(re.compile("3|4|5|6|7|8 messages wait"))
    relay.targets.reverse()
    await ana.connected()
    await ana.counts(ana.own("waiting"), 0)
    await bo.sees("ana says 15")
    await ana.sees("bo says 15")
    texts = await bo.texts()
    await ana.shows(texts)
    assert sorted(texts) == sorted(said["ana"] + said["bo"])
    assert [text for text in texts if text.startswith("ana")] == said["ana"]
    assert [text for text in texts if text.startswith("bo")] == said["bo"]
    assert [text for text in texts if text in before] == texts[: len(before)]
    assert not await bo.log.get_by_text(re.compile("left|lost the connection")).count()


async def test_a_node_that_hangs_is_left_within_8_s_of_a_message(
    nodes: list[NodeProcess], relay: Relay, open_page: Open
) -> None:
    ana, bo = await two(open_page, await with_clock(open_page, relay.url), url_of(nodes[1]))
    await ana.say("before")
    await ana.kept("before")
    nodes[0].pause()
    # From here on the time of the page stands still, but for what it is told to run.
    await ana.stop_clock()
    await ana.say("hello?")
    await ana.page.clock.run_for(1500)
    await ana.connected()
    # No node takes a connection until the page has been seen without one.
    relay.targets = [Address("127.0.0.1", free_port())]
    await ana.page.clock.run_for(6500)
    await ana.connected(False)
    relay.targets = nodes[1].webs[:1]
    await ana.page.clock.resume()
    await ana.connected()
    await ana.kept("hello?")
    nodes[0].resume()
    await bo.shows(["before", "hello?"])
    await ana.shows(["before", "hello?"])


async def test_three_messages_that_wait_for_an_answer_survive_a_reload(
    nodes: list[NodeProcess], relay: Relay, open_page: Open
) -> None:
    ana, bo = await two(open_page, await with_clock(open_page, relay.url), url_of(nodes[1]))
    # The node takes one of them, but its answer is lost, and time stands still, so that nobody
    # notices; the others wait for their turn.
    await ana.stop_clock()
    relay.mute()
    await say_all(ana, THREE)
    await bo.sees(THREE[0])
    await ana.counts(ana.own("waiting"), 3)
    await ana.page.reload()
    await ana.page.clock.resume()
    await ana.connected()
    await ana.counts(ana.own("waiting"), 0)
    await ana.shows(THREE)
    await ana.say("the end")
    await bo.sees("the end")
    await bo.shows([*THREE, "the end"])
    await ana.shows([*THREE, "the end"])


KEPT = "() => Object.keys(localStorage).every((name) => !name.startsWith('draft'))"
"""Whether the browser keeps all that was sent: a draft stays until its message is kept."""


async def test_what_is_written_offline_survives_a_reload_offline(
    nodes: list[NodeProcess], relay: Relay, open_page: Open
) -> None:
    ana, bo = await two(open_page, relay.url, url_of(nodes[1]))
    await bo.say("before")
    await ana.sees("before")
    await ana.page.evaluate("navigator.serviceWorker.ready.then(() => 0)")
    relay.close()
    await ana.page.context.set_offline(True)
    await ana.told("You are offline")
    await say_all(ana, THREE[:2])
    await ana.told("You are offline; 2 messages wait")
    await ana.until(KEPT)
    await ana.page.reload()
    await ana.counts(ana.own("waiting"), 2)
    await ana.say(THREE[2])
    # After a reload some versions of Chromium do not tell the page any more that it is offline.
    await ana.told(re.compile("(You are offline|Away for .*); 3 messages wait"))
    await ana.shows(["before", *THREE])
    await ana.page.context.set_offline(False)
    await relay.open()
    await ana.connected()
    await ana.kept(THREE[2])
    for person in (ana, bo):
        await person.shows(["before", *THREE])


async def test_after_a_sleep_of_8_hours_nothing_is_repeated_that_may_be_forgotten(
    lab: Lab, relays: Relays, open_page: Open
) -> None:
    node = await lab.node(None, "--web-port", "0", "--grace", "1")
    relay = await relays(node)
    ana, bo = await two(open_page, await with_clock(open_page, relay.url), url_of(node))
    await bo.say("good night")
    await ana.sees("good night")
    # The lid is closed: the page learns of nothing.
    relay.swallow()
    await ana.say("lost on the way")
    await ana.counts(ana.own("waiting"), 1)
    await ana.stop_clock()
    relay.cut()
    await bo.log.get_by_text("ana lost the connection").wait_for()
    await bo.say("good morning")
    await ana.page.clock.fast_forward(8 * 3600 * 1000)
    await ana.page.clock.resume()
    await ana.connected()
    await ana.sees("good morning")
    await ana.counts(ana.own("unknown"), 1)
    await ana.log.get_by_text("⚠ not known whether it arrived").wait_for()
    await bo.shows(["good night", "good morning"])
    again = ana.log.get_by_role("button", name="Send again")
    assert await again.get_attribute("title") == "It may appear twice"
    await again.click()
    await bo.shows(["good night", "good morning", "lost on the way"])
    await ana.counts(ana.own("unknown"), 0)


async def test_where_nothing_can_be_kept_the_page_works_and_says_so(
    lab: Lab, open_page: Open
) -> None:
    node = await lab.node(None, "--web-port", "0")
    ana, bo = await open_page("about:blank"), await open_page(node)
    await ana.page.add_init_script(FORBIDDEN)
    await ana.page.goto(url_of(node))
    await ana.enter("ana")
    await bo.enter("bo")
    await ana.page.get_by_role("main").get_by_text("This browser keeps nothing here").wait_for()
    await ana.say("hello")
    await bo.sees("hello")
    await bo.say("hello yourself")
    await ana.shows(["hello", "hello yourself"])
    await ana.rooms.get_by_role("button", name="general").click()
    assert await ana.box.is_visible()


async def test_a_full_node_is_told_in_words_and_entered_later(
    lab: Lab, relays: Relays, open_page: Open
) -> None:
    # Enough for the files of the page, which take some connections, too.
    node = await lab.node(None, "--web-port", "0", "--max-clients", "10")
    relay = await relays(node)
    ana = await open_page(relay.url)
    await ana.enter("ana")
    relay.close()
    await ana.connected(False)
    others = [await lab.member(node.address, f"other-{number}") for number in range(10)]
    await relay.open()
    await ana.told(re.compile(r"This node is full.* Again in \d+ s"))
    await ana.say("may I?")
    await ana.told(re.compile("; 1 message waits"))
    for other in others:
        other.send("quit")
    await ana.connected()
    await ana.kept("may I?")
