"""The box: Enter, input methods, what is pasted, and what is typed meanwhile."""

import pytest

from tests.labs.web.scene import Open, creates, two, url_of, with_clock
from tests.support.node_process import NodeProcess
from tests.support.web_person import WITHIN, api
from wire import limits

PASTE = """(text) => navigator.clipboard.write([new ClipboardItem({
  "text/plain": new Blob([text], { type: "text/plain" }),
  "text/html": new Blob([`<b>${text}</b><img src=x>`], { type: "text/html" }),
})])"""
CLIPBOARD = ["clipboard-read", "clipboard-write"]


async def test_enter_belongs_to_the_input_method_while_it_composes(
    node: NodeProcess, open_page: Open
) -> None:
    ana, bo = await two(open_page, await with_clock(open_page, url_of(node)), node)
    devtools = await ana.page.context.new_cdp_session(ana.page)
    composing = {"text": "にほん", "selectionStart": 3, "selectionEnd": 3}
    await devtools.send("Input.imeSetComposition", composing)
    enter = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229}
    await devtools.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **enter})
    await devtools.send("Input.insertText", {"text": "日本"})
    await devtools.send("Input.dispatchKeyEvent", {"type": "keyUp", **enter})
    assert await ana.box.input_value() == "日本"
    assert await ana.texts() == []
    # Just behind a composition Enter may still be its end.
    await ana.page.clock.run_for(100)
    await ana.page.keyboard.press("Enter")
    await bo.shows(["日本"])


async def test_a_key_that_is_held_down_sends_once(node: NodeProcess, open_page: Open) -> None:
    ana, bo = await two(open_page, node)
    await ana.box.fill("once")
    for _ in range(3):
        await ana.page.keyboard.down("Enter")
    await ana.page.keyboard.type("and more")
    for _ in range(3):
        await ana.page.keyboard.down("Enter")
    await ana.page.keyboard.up("Enter")
    await ana.kept("once")
    assert await ana.box.input_value() == "and more"
    await ana.box.press("Shift+Enter")
    await ana.page.keyboard.type("on two lines")
    await ana.box.press("Enter")
    await bo.shows(["once", "and more\non two lines"])


async def test_a_paste_of_10_kb_is_counted_and_sent_as_several_messages(
    node: NodeProcess, open_page: Open
) -> None:
    ana, bo = await open_page(node, permissions=CLIPBOARD), await open_page(node)
    await ana.enter("ana")
    await bo.enter("bo")
    text = "\n".join(f"{number:04} <b>of a long text</b> é" for number in range(340))
    size = len(text.encode())
    assert size > 10_000
    await ana.page.evaluate(PASTE, text)
    await ana.page.keyboard.press("Control+V")
    await api.expect(ana.box).to_have_value(text, timeout=WITHIN)
    await ana.page.get_by_text(f"{size} of {limits.TEXT} bytes").wait_for()
    await ana.page.keyboard.press("Enter")
    assert await ana.box.input_value() == text
    await ana.button("Send as 3 messages").click()
    await ana.counts(ana.own("kept"), 3)
    await bo.counts(bo.log.locator("li[data-from]"), 3)
    assert "\n".join(await bo.texts()) == text
    assert all(len(piece.encode()) <= limits.TEXT for piece in await bo.texts())
    assert await ana.box.input_value() == ""
    assert await bo.log.locator("b, img").count() == 0


@pytest.mark.parametrize("reload", [False, True], ids=["another-room", "a-reload"])
async def test_a_draft_outlives(node: NodeProcess, open_page: Open, reload: bool) -> None:
    ana = await open_page(node)
    await ana.enter("ana")
    await creates(ana, "tea")
    await ana.box.fill("the kettle is")
    if reload:
        await ana.page.reload()
    await ana.rooms.get_by_role("button", name="general").click()
    assert await ana.box.input_value() == ""
    await ana.rooms.get_by_role("button", name="tea").click()
    assert await ana.box.input_value() == "the kettle is"


async def test_a_command_that_opens_a_room_takes_neither_draft(
    node: NodeProcess, open_page: Open
) -> None:
    ana = await open_page(node)
    await ana.enter("ana")
    await ana.say("/create lab")
    box = ana.page.get_by_role("textbox", name="Message #lab")
    await box.fill("my long draft")
    await ana.rooms.get_by_role("button", name="general").click()
    await ana.say("/join lab")
    await api.expect(box).to_have_value("my long draft")
    await ana.rooms.get_by_role("button", name="general").click()
    await api.expect(ana.page.get_by_role("textbox", name="Message #general")).to_have_value("")
