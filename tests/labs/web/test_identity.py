"""Who somebody is: nicks that are taken, accounts, tokens, moderators, two tabs of one person."""

import re
from pathlib import Path

from tests.labs.web.scene import Open, Relays, command, creates, reads, two
from tests.support.lab import Lab
from tests.support.node_process import NodeProcess
from tests.support.web_person import api


async def test_a_taken_nick_is_refused_with_another_one(node: NodeProcess, open_page: Open) -> None:
    ana, other = await open_page(node), await open_page(node)
    await ana.enter("ana")
    await other.page.get_by_role("textbox", name="Nick").fill("ana")
    await other.button("Enter the chat").click()
    await other.button(re.compile("Take ana-")).click()
    await other.connected()
    await other.say("hello")
    await ana.sees("hello")


async def test_who_lost_the_nick_meanwhile_goes_on_reading_and_chooses_another(
    lab: Lab, relays: Relays, open_page: Open
) -> None:
    node = await lab.node(None, "--web-port", "0", "--grace", "1")
    relay = await relays(node)
    ana, bo = await two(open_page, relay.url, node)
    await bo.say("before")
    await ana.sees("before")
    relay.close()
    await bo.log.get_by_text("ana lost the connection").wait_for()
    await lab.member(node.address, "ana", rooms=["general"])
    await ana.say("on its way")
    await relay.open()
    card = ana.page.get_by_role("main").get_by_text("Somebody else has your nick now.")
    await card.wait_for()
    await ana.shows(["before", "on its way"])
    await ana.button(re.compile("Take ana-")).click()
    await ana.connected()
    await card.wait_for(state="detached")
    await bo.sees("on its way")
    await bo.shows(["before", "on its way"])


async def test_the_nick_of_an_account_asks_for_its_password(
    lab: Lab, open_page: Open, tmp_path: Path
) -> None:
    accounts = tmp_path / "accounts"
    await command("account", "add", "ana", "--accounts", str(accounts), typed="open sesame\n")
    node = await lab.node(None, "--web-port", "0", "--accounts", str(accounts))
    ana, bo = await open_page(node), await open_page(node)
    await bo.enter("bo")
    await ana.page.get_by_role("textbox", name="Nick").fill("ana")
    password = ana.page.get_by_role("textbox", name="Password")
    assert not await password.is_visible()
    await ana.button("Enter the chat").click()
    for attempt in ("wrong", "open sesame"):
        await password.fill(attempt)
        await ana.button("Enter the chat").click()
        if attempt == "wrong":
            await ana.page.get_by_role("alert").filter(has_text=re.compile("password")).wait_for()
    await ana.connected()
    members = bo.page.get_by_role("complementary", name="Members")
    await members.get_by_role("button", name=re.compile("ana.*account")).wait_for()
    # It is not kept anywhere: not in the page, and not in the browser.
    assert await password.count() == 0
    kept = await ana.page.evaluate(KEPT)
    assert "ana" in kept and "sesame" not in kept


async def test_a_token_is_asked_for_and_kept_once_it_was_right(lab: Lab, open_page: Open) -> None:
    node = await lab.node(None, "--web-port", "0", "--token", "let-me-in")
    ana = await open_page(node)
    await ana.page.get_by_role("textbox", name="Nick").fill("ana")
    token = ana.page.get_by_role("textbox", name="Token")
    assert not await token.is_visible()
    await ana.button("Enter the chat").click()
    await ana.page.get_by_text("This chat asks for a token.").wait_for()
    await token.fill("wrong")
    await ana.button("Enter the chat").click()
    await ana.page.get_by_role("alert").filter(has_text=re.compile("token")).wait_for()
    assert "wrong" not in await ana.page.evaluate(KEPT)
    await token.fill("let-me-in")
    await ana.button("Enter the chat").click()
    await ana.connected()
    await ana.until(WAS_WELCOMED)
    await ana.page.reload()
    await ana.connected()


async def test_a_reload_between_the_welcome_and_the_first_room_goes_on(
    node: NodeProcess, open_page: Open
) -> None:
    ana = await open_page(node)
    await ana.enter("ana")
    await ana.say("hello")
    await ana.kept("hello")
    await ana.page.evaluate(WITHOUT_ROOMS)
    await ana.page.reload()
    await ana.connected()
    await ana.sees("hello")


async def test_who_is_kicked_is_told_and_does_not_try_again(lab: Lab, open_page: Open) -> None:
    redis = await lab.redis()
    node = await lab.node(redis, "--web-port", "0")
    ana, bo = await two(open_page, node)
    await ana.say("buy my stuff")
    await bo.sees("buy my stuff")
    await ana.box.fill("and my")
    words = ("admin", "kick", "ana", "--reason", "be nice")
    await command(*words, CHAT_REDIS_URL=redis.url)
    await ana.told(re.compile("be nice"))
    await ana.button("Try again").wait_for()
    await bo.log.get_by_text("ana was removed by a moderator: be nice").wait_for()
    sockets: list[object] = []
    ana.page.on("websocket", lambda socket: sockets.append(socket))
    await bo.say("still here")
    await bo.kept("still here")
    assert sockets == []
    # What was typed stays, for when the room is there again.
    assert "and my" in await ana.page.evaluate(KEPT)


async def test_members_of_a_room_that_is_closed_are_told_what_happened(
    lab: Lab, open_page: Open
) -> None:
    redis = await lab.redis()
    node = await lab.node(redis, "--web-port", "0")
    ana = await open_page(node)
    await ana.enter("ana")
    reasons = {
        "": "A moderator has closed #tea.",
        "too late": "A moderator has closed #tea: too late",
    }
    for reason, told in reasons.items():
        await creates(ana, "tea")
        why = ("--reason", reason) if reason else ()
        await command("admin", "close-room", "tea", *why, CHAT_REDIS_URL=redis.url)
        await ana.page.get_by_role("main").get_by_text(told, exact=True).wait_for()
        await ana.page.get_by_role("textbox", name="Message #general").wait_for()
        await api.expect(ana.rooms.get_by_role("button", name="tea")).to_have_count(0)
    await ana.connected()


async def test_one_tab_is_live(node: NodeProcess, open_page: Open) -> None:
    ana, bo = await two(open_page, node)
    await ana.say("from the first tab")
    await bo.sees("from the first tab")
    second = await open_page(ana)
    await second.told("Open in another tab")
    await second.sees("from the first tab")
    await ana.connected()
    await second.button("Use it here").click()
    await second.connected()
    await ana.told("Open in another tab")
    await second.say("from the second tab")
    await second.kept("from the second tab")
    await ana.button("Use it here").click()
    await ana.connected()
    await second.told("Open in another tab")
    await bo.say("whoever you are")
    texts = ["from the first tab", "from the second tab", "whoever you are"]
    await ana.shows(texts)
    await bo.shows(texts)
    assert not await bo.log.get_by_text(re.compile("left|lost the connection")).count()


SLOW = """if (sessionStorage.getItem("steal")) {
  const { request } = LockManager.prototype;
  const goesOn = new Promise((resolve) => { window.goOn = resolve; });
  window.waits = new Promise((resolve) => {
    LockManager.prototype.request = async function (...all) {
      resolve(0);
      await goesOn;
      return request.apply(this, all);
    };
  });
}"""
"""Delays a tab that takes over from another one, after it has read what the browser keeps."""


async def test_nothing_is_lost_or_moved_that_comes_while_another_tab_takes_over(
    lab: Lab, node: NodeProcess, open_page: Open
) -> None:
    ana, bo = await reads(lab, open_page, node, ["before"])
    second = await open_page(ana)
    await second.page.add_init_script(SLOW)
    async with second.page.expect_navigation():
        await second.button("Use it here").click()
    await second.page.evaluate("waits")
    # More than a tab shows at its start.
    texts = [f"for the first tab {number}" for number in range(250)]
    for text in texts:
        await bo.say("general", text, text)
    for number in range(3):
        texts.append(f"from the first tab {number}")
        await ana.say(texts[-1])
        await ana.kept(texts[-1])
    await second.page.evaluate("goOn()")
    await second.connected()
    for number in range(3):
        texts.append(f"for the second tab {number}")
        await bo.say("general", texts[-1], texts[-1])
    for reloaded in (False, True):
        if reloaded:
            await second.page.reload()
        await second.sees(texts[-1])
        shown = await second.texts()
        assert shown == texts[-len(shown) :]


WITHOUT_ROOMS = """async () => {
  const base = await new Promise((resolve) => {
    const request = indexedDB.open("chat");
    request.onsuccess = () => resolve(request.result);
  });
  const store = base.transaction("session", "readwrite").objectStore("session");
  await new Promise((resolve) => {
    store.get("session").onsuccess = ({ target: { result } }) => {
      Object.assign(result, { rooms: null, positions: {} });
      store.put(result, "session").onsuccess = resolve;
    };
  });
  base.close();
}"""
"""Lets the session that is kept be one that has entered no room yet."""
KEPT = """async () => {
  const base = await new Promise((resolve) => {
    const request = indexedDB.open("chat");
    request.onsuccess = () => resolve(request.result);
  });
  const found = [JSON.stringify(localStorage), JSON.stringify(sessionStorage)];
  for (const name of base.objectStoreNames) {
    const request = base.transaction(name).objectStore(name).getAll();
    await new Promise((resolve) => { request.onsuccess = resolve; });
    found.push(JSON.stringify(request.result));
  }
  base.close();
  return found.join(" ");
}"""
"""Returns everything that the browser keeps."""
WAS_WELCOMED = f"async () => (await ({KEPT})()).includes('\"wasWelcomed\":true')"
"""Returns whether the browser keeps that the session was begun."""
