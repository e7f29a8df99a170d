"""Texts of strangers: nothing of them runs, hides, or leaves its place."""

from tests.labs.abuse import naughty
from tests.labs.web.scene import OUTSIDE, Open, bo_enters, reads
from tests.support.lab import Lab
from tests.support.node_process import NodeProcess
from wire import limits

OWN = [
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><iframe srcdoc='<script>alert(1)</script>'>",
    "javascript:alert(1) https://example.org/\"onmouseover='alert(1)'",
    "{{constructor.constructor('alert(1)')()}} ${alert(1)} \u202e live \u200b",
    "data:text/html,<script>alert(1)</script> file:///etc/passwd https://user@\u0430pple.com/",
]
INVISIBLE = (
    r"/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]/u"
)
TAGS = (
    """log => [...new Set([...log.querySelectorAll("*")].map((each) => each.localName))].sort()"""
)
USED = {"a", "bdi", "button", "div", "li", "ol", "span", "time"}
BETWEEN = """link => [...link.getClientRects()].reduce(
  (rest, { width }) => rest - width, link.getBoundingClientRect().width)"""
"""Returns how many pixels between the left and the right end of a link are not part of it."""
DIRECTION = "texts => texts.map((text) => getComputedStyle(text).direction)"


async def test_hostile_texts_do_nothing(node: NodeProcess, lab: Lab, open_page: Open) -> None:
    ana = await open_page(node)
    await ana.enter("ana")
    bo = await bo_enters(lab, node)
    accepted = []
    texts = [text for text in [*naughty.strings(), *OWN] if is_text(text)]
    for number, text in enumerate(texts):
        bo.send("send", room="general", text=text, id=str(number))
        answer = await bo.expect_any("ack", "error", id=str(number))
        accepted += [text] if answer["type"] == "ack" else []
    assert len(accepted) > 200
    await bo.say("general", "the end", "end")
    await ana.sees("the end")
    # Each of them was in the document at some time: the list shows the newest ones.
    assert set(await ana.log.evaluate(TAGS)) <= USED
    assert await ana.page.evaluate(OUTSIDE) == []
    assert not await ana.log.evaluate(f"log => {INVISIBLE}.test(log.innerText)")
    links = await ana.log.locator("a").evaluate_all("all => all.map((each) => each.protocol)")
    assert set(links) <= {"http:", "https:"} and links
    apple = ana.log.locator("li", has_text="pple.com")
    assert "(xn--pple-43d.com)" in await apple.first.inner_text()
    assert (await ana.texts())[-1] == "the end"
    for text in OWN:
        await ana.box.fill(text)
        await ana.box.press("Enter")
    await ana.counts(ana.own("waiting"), 0)
    assert set(await ana.log.evaluate(TAGS)) <= USED


def is_text(text: str) -> bool:
    """Return whether a node may take it."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        return False
    return 0 < size <= limits.TEXT


async def test_a_link_in_a_text_from_right_to_left_stays_in_one_piece(
    node: NodeProcess, lab: Lab, open_page: Open
) -> None:
    text = "مرحبا https://example.org/مرحبا?x=1&y=(2) end"
    ana, _ = await reads(lab, open_page, node, [text])
    # Nothing stands between its parts.
    assert await ana.log.get_by_role("link").evaluate(BETWEEN) < 1


async def test_every_text_has_its_own_direction(
    node: NodeProcess, lab: Lab, open_page: Open
) -> None:
    ana = await open_page(node)
    await ana.enter("ana")
    for nick, texts in (("bo", ["hello", "שלום לכולם, hello!"]), ("שרה", ["مرحبا", "and english"])):
        talker = await lab.member(node.address, nick, rooms=["general"])
        for number, text in enumerate(texts):
            await talker.say("general", text, str(number))
    await ana.sees("and english")
    shown = ana.log.locator("li[data-from] .text")
    assert await shown.evaluate_all(DIRECTION) == ["ltr", "rtl", "rtl", "ltr"]
    # The page stays as it is: the time of a message is where it was, and names keep their places.
    lefts = await ana.log.locator("li[data-from] time").evaluate_all(
        "all => all.map((each) => each.getBoundingClientRect().right)"
    )
    assert len(set(lefts)) == 1
    assert await ana.log.locator("bdi", has_text="שרה").first.is_visible()
    await ana.box.fill("שלום")
    assert await ana.box.evaluate("box => getComputedStyle(box).direction") == "rtl"
