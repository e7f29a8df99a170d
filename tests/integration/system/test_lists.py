"""Lists: rooms, members, past messages; page by page."""

import pytest

from tests.integration.system.conftest import System
from tests.integration.system.steps import fill, texts
from tests.support.lab import Lab, fresh
from tests.support.talker import Talker

FEW = ["β", "zeta", "Älpha", "ab", "_x", "7th"]
LINE = 1024 * 1024


async def all_rooms(talker: Talker) -> list[tuple[str, int]]:
    """Page through all rooms there are."""
    found: list[tuple[str, int]] = []
    after: dict[str, str] = {}
    more = True
    while more:
        page = await talker.ask("rooms", **after)
        found += [(row["room"], row["members"]) for row in page["rooms"]]
        assert page["rooms"] and set(page["rooms"][0]) == {"room", "members"}
        more, after = page["more"], {"after": found[-1][0]}
    return found


async def test_rooms_are_listed_by_code_points_page_by_page_with_the_empty_ones(
    lab: Lab, pair: System
) -> None:
    stem = fresh("page")
    talker = await lab.member(pair.node, fresh("maker"))
    names = [f"{stem}-{number}" for number in range(1005)] + [f"{name}-{stem}" for name in FEW]
    for name in names:
        talker.send("create", room=name)
        await talker.ask("leave", room=name)
    await talker.ask("create", room=f"kept-{stem}")
    other = await lab.member(pair.other, fresh("reader"), rooms=[f"kept-{stem}"])
    await other.expect("joined")
    found = await all_rooms(other)
    listed = [name for name, _ in found]
    assert listed == sorted(listed) and len(listed) == len(set(listed))
    rooms = dict(found)
    assert [rooms[name.lower()] for name in names] == [0] * len(names)
    assert rooms[f"kept-{stem}"] == 2 and rooms["general"] >= 1
    assert max(len(line) for line in other.lines) <= LINE


async def test_a_page_of_rooms_may_begin_after_any_name(lab: Lab, pair: System) -> None:
    stem = fresh("zz")
    talker = await lab.member(pair.node, fresh("maker"), rooms=[f"{stem}-a", f"{stem}-c"])
    for after in (f"{stem}-b", f"{stem}-a", f"{stem}-A".upper()):
        page = await talker.ask("rooms", after=after)
        assert page["rooms"][0] == {"room": f"{stem}-c", "members": 1}
    page = await talker.ask("rooms", after="\U0010ffff not a room")
    assert (page["rooms"], page["more"]) == ([], False)


async def test_members_are_listed_by_code_points_of_the_compared_form(
    lab: Lab, pair: System
) -> None:
    room, stem = fresh("room"), fresh("n")
    nicks = [f"{nick}-{stem}" for nick in ("Zoe", "abe", "Bea", "äda", "_me", "7up")]
    members = [
        await lab.member(pair.nodes[number % 2], nick, rooms=[room])
        for number, nick in enumerate(nicks)
    ]
    await members[0].expect("entered", room=room, nick=nicks[-1])
    expected = sorted(nicks, key=str.lower)
    for talker in members:
        page = await talker.ask("members", room=room.upper())
        assert (page["room"], page["members"], page["more"]) == (room, expected, False)
    page = await members[0].ask("members", room=room, after=f"BEA-{stem}".upper())
    assert page["members"] == expected[expected.index(f"Bea-{stem}") + 1 :]
    page = await members[0].ask("members", room=room, after="not a nick!")
    assert page["members"] == [nick for nick in expected if nick.lower() > "not a nick!"]


async def test_past_messages_come_page_by_page_in_both_directions(lab: Lab, pair: System) -> None:
    room = fresh("past")
    talker = await lab.member(pair.node, fresh("ana"), rooms=[room])
    messages = await fill(talker, room, 25)
    at = [message["position"] for message in messages]
    for fields, numbers, more in (
        ({}, range(25), False),
        ({"limit": 10}, range(15, 25), True),
        ({"limit": 25}, range(25), False),
        ({"limit": 10, "before": at[15]}, range(5, 15), True),
        ({"limit": 10, "before": at[5]}, range(5), False),
        ({"limit": 5, "before": at[5]}, range(5), False),
        ({"before": at[0]}, range(0), False),
        ({"limit": 10, "after": at[3]}, range(4, 14), True),
        ({"limit": 10, "after": at[14]}, range(15, 25), False),
        ({"limit": 1, "after": at[22]}, range(23, 24), True),
        ({"after": at[24]}, range(0), False),
    ):
        page = await talker.ask("history", room=room, **fields)
        assert (texts(page), page["more"]) == ([str(n) for n in numbers], more), fields
    expected = {name: value for name, value in messages[0].items() if name != "type"}
    assert (await talker.ask("history", room=room))["messages"][0] == expected


async def test_fifty_past_messages_are_given_if_nothing_else_is_said(
    lab: Lab, pair: System
) -> None:
    room = fresh("past")
    talker = await lab.member(pair.node, fresh("ana"), rooms=[room])
    await fill(talker, room, 60)
    page = await talker.ask("history", room=room.upper())
    assert (page["room"], len(page["messages"]), page["more"]) == (room, 50, True)


async def test_past_messages_leave_out_who_came_and_went(lab: Lab, pair: System) -> None:
    room = fresh("past")
    talker = await lab.member(pair.node, fresh("ana"), rooms=[room])
    await fill(talker, room, 2)
    notices = []
    for number in range(3):
        visitor = await lab.member(pair.other, fresh("visitor"), rooms=[room])
        await visitor.ask("nick", nick=fresh("renamed"))
        await visitor.say(room, f"visit {number}", "1")
        visitor.send("quit")
        notices.append(await talker.expect("left", room=room))
    page = await talker.ask("history", room=room, limit=4)
    assert (texts(page), page["more"]) == (["1", "visit 0", "visit 1", "visit 2"], True)
    # Their positions are as good as any.
    page = await talker.ask("history", room=room, before=notices[1]["position"], limit=2)
    assert (texts(page), page["more"]) == (["visit 0", "visit 1"], True)
    page = await talker.ask("history", room=room, after=notices[1]["position"])
    assert (texts(page), page["more"]) == (["visit 2"], False)
    joined = await talker.ask("join", room=room, history=2)
    assert texts(joined) == ["visit 1", "visit 2"]


@pytest.mark.parametrize("where", ["trimmed", "unknown"])
async def test_a_position_that_is_not_kept_counts_as_the_oldest(
    lab: Lab, pair: System, small: System, where: str
) -> None:
    room = fresh("past")
    talker = await lab.member(small.node, fresh("ana"), rooms=[room])
    messages = await fill(talker, room, 30)
    position = messages[3]["position"]
    if where == "unknown":
        foreigner = await lab.member(pair.node, fresh("foreigner"), rooms=[fresh("abroad")])
        position = (await foreigner.expect("joined"))["position"]
    page = await talker.ask("history", room=room, after=position, limit=3)
    kept = texts(await talker.ask("history", room=room, limit=200))
    assert (texts(page), page["more"]) == (kept[:3], True)
    page = await talker.ask("history", room=room, before=position)
    assert (page["messages"], page["more"]) == ([], False)


async def test_at_least_the_newest_entries_are_kept_and_at_most_a_tenth_more(
    lab: Lab, small: System
) -> None:
    room = fresh("kept")
    talker = await lab.member(small.node, fresh("ana"), rooms=[room])
    for number in range(40):
        await talker.say(room, str(number), str(number))
        kept = texts(await talker.ask("history", room=room, limit=200))
        assert kept == [str(n) for n in range(number + 1)][-len(kept) :]
        # The first entry is that of the one who talks.
        assert min(number + 1, 10) <= len(kept) <= 11


async def test_a_list_never_makes_too_long_a_line(lab: Lab, pair: System) -> None:
    room = fresh("long")
    talker = await lab.member(pair.node, fresh("ana"), rooms=[room])
    for number in range(200):
        talker.send("send", room=room, text='"' * 4096, id=str(number))
    await talker.expect("ack", id="199")
    page = await talker.ask("history", room=room, limit=200)
    assert 50 <= len(page["messages"]) < 200 and page["more"]
    assert page["messages"][-1]["id"] == "199"
    before = page["messages"][0]["position"]
    older = await talker.ask("history", room=room, limit=200, before=before)
    assert int(older["messages"][-1]["id"]) == 199 - len(page["messages"])
    after = await talker.ask(
        "history", room=room, limit=200, after=older["messages"][0]["position"]
    )
    assert after["more"] and after["messages"][0]["id"] == older["messages"][1]["id"]
    joined = await talker.ask("join", room=room, history=200)
    assert joined["messages"][-1]["id"] == "199"
    assert max(len(line) for line in talker.lines) <= LINE
