"""What a client is answered, for each way in which a request can end."""

from typing import Any

import pytest

from node.core.model import Denied, Failure, Membership, PendingMessage, Stored, Unavailable
from tests.unit.node.core.fakes import EPOCH, Client, HubBench, at, entry, frame, membership
from wire import limits
from wire import messages as m
from wire.errors import Code

LONG = "é" * (limits.TEXT // 2 + 1)


def welcome(rooms: tuple[str, ...] = ("general",)) -> tuple[HubBench, Client]:
    """Return a client that was welcomed."""
    bench = HubBench()
    return bench, bench.welcome(rooms=rooms)


@pytest.mark.parametrize(
    ("request_", "code", "room"),
    [
        (m.Join(room="no room"), Code.BAD_ROOM, "no room"),
        (m.Create(room=""), Code.BAD_ROOM, ""),
        (m.Leave(room="tea"), Code.NOT_IN_ROOM, "tea"),
        (m.Leave(room="a b"), Code.BAD_ROOM, "a b"),
        (m.Send(room="Tea", text="hi"), Code.NOT_IN_ROOM, "Tea"),
        (m.Send(room="a b", text="hi"), Code.BAD_ROOM, "a b"),
        (m.Send(room="general", text=" \n"), Code.EMPTY_TEXT, None),
        (m.Send(room="general", text=""), Code.EMPTY_TEXT, None),
        (m.Send(room="general", text=LONG), Code.TEXT_TOO_LONG, None),
        (m.Send(room="general", text="a\0"), Code.BAD_REQUEST, None),
        (m.SendDirect(to="a b", text="hi"), Code.BAD_NICK, None),
        (m.SendDirect(to="bo", text=LONG), Code.TEXT_TOO_LONG, None),
        (m.SetNick(nick="a b"), Code.BAD_NICK, None),
        (m.ListMembers(room="tea"), Code.NOT_IN_ROOM, "tea"),
        (m.GetHistory(room="tea"), Code.NOT_IN_ROOM, "tea"),
        (m.GetHistory(room="general", after="soon"), Code.BAD_REQUEST, "general"),
        (m.GetHistory(room="general", before=""), Code.BAD_REQUEST, "general"),
    ],
)
def test_what_the_node_refuses_by_itself(request_: Any, code: Code, room: str | None) -> None:
    bench, client = welcome()
    request_.ref = "r"
    client.says(request_)
    error = client.error()
    assert (error.code, error.room, error.ref) == (code, room, "r")
    assert bench.broker.calls == [] and client.connection.pipeline.backlog == 0
    assert bench.metrics.refusals[code] == 1


CALLS: list[tuple[str, Any, str | None]] = [
    ("join", m.Join(room="tea"), "tea"),
    ("join", m.Create(room="tea"), "tea"),
    ("leave", m.Leave(room="general"), "general"),
    ("publish", m.Send(room="general", text="hi", id="1"), None),
    ("direct", m.SendDirect(to="bo", text="hi", id="1"), None),
    ("rename", m.SetNick(nick="bo"), None),
    ("rooms", m.ListRooms(), None),
    ("members", m.ListMembers(room="general"), "general"),
    ("history", m.GetHistory(room="general"), "general"),
]


@pytest.mark.parametrize(("name", "request_", "room"), CALLS)
@pytest.mark.parametrize("refused", [Unavailable.UNREACHABLE, Unavailable.INTERNAL])
def test_what_the_broker_does_not_do_is_said(
    name: str, request_: Any, room: str | None, refused: Failure
) -> None:
    bench, client = welcome()
    request_.ref = "r"
    client.says(request_)
    bench.broker.answer(name, refused)
    error = client.error()
    away = refused is Unavailable.UNREACHABLE
    assert error.code == (Code.UNAVAILABLE if away else Code.INTERNAL)
    assert (error.ref, error.room, error.id) == ("r", room, getattr(request_, "id", None))
    assert error.retry_after_ms == (1000 if away else None)
    assert client.connection.pipeline.backlog == 0


@pytest.mark.parametrize(
    ("name", "request_", "refused", "code"),
    [
        ("join", m.Join(room="Tea"), Denied.MISSING, Code.NO_SUCH_ROOM),
        ("join", m.Create(room="Tea"), Denied.EXISTS, Code.ROOM_EXISTS),
        ("direct", m.SendDirect(to="bo", text="hi", id="1"), Denied.NOBODY, Code.NO_SUCH_NICK),
        ("rename", m.SetNick(nick="bo"), Denied.TAKEN, Code.NICK_TAKEN),
    ],
)
def test_what_the_broker_refuses_is_said(
    name: str, request_: Any, refused: Failure, code: Code
) -> None:
    bench, client = welcome()
    client.says(request_)
    bench.broker.answer(name, refused)
    error = client.error()
    assert error.code == code
    assert error.room == getattr(request_, "room", None), "as asked"
    assert error.id == getattr(request_, "id", None)


def test_a_message_is_acknowledged_only_if_it_has_an_id() -> None:
    bench, client = welcome()
    client.says(
        m.Send(room="General", text="hi", id="1", ref="r"), m.Send(room="general", text="x")
    )
    posts: list[PendingMessage] = [call.args[1] for call in bench.broker.calls]
    assert [post.message_id for post in posts] == ["1", ""]
    assert posts[0].body == b'"from":"ana","text":"hi","id":"1"}'
    assert posts[0].id != posts[1].id
    for _ in posts:
        bench.broker.answer("publish", Stored("r:general", "k1-2-a", 17, ""))
    [ack] = client.events()
    assert ack == m.Ack(ref="r", id="1", position="k1-2-a", at=17, room="general")


def test_an_unusual_id_is_remembered_by_its_digest_and_repeated_as_it_came() -> None:
    bench, client = welcome()
    client.says(m.Send(room="general", text="hi", id="a b:\n"))
    call = bench.broker.take("publish")
    assert call.args[1].message_id.startswith("~") and " " not in call.args[1].message_id
    call.done(Stored("r:general", "k1-2-a", 17, ""))
    [ack] = client.events()
    assert isinstance(ack, m.Ack) and ack.id == "a b:\n"


@pytest.mark.parametrize(
    ("request_", "room"),
    [
        (m.Send(room="Tea", text="hi", id="1"), "tea"),
        (m.Send(room="general", text="", id="1"), "general"),
        (m.SendDirect(to="a b", text="hi", id="1"), None),
        (m.SendDirect(to="bo", text=LONG, id="1"), None),
    ],
)
def test_a_repeat_gets_its_first_ack_before_anything_else_is_checked(
    request_: Any, room: str | None
) -> None:
    """It is looked for only where it would be: an id in another room is another message."""
    bench, client = welcome()
    client.says(request_)
    log, to = ("i:bo", "bo") if room is None else ("r:" + room, "")
    call = bench.broker.answer("sent", Stored(log, "k1-2-a", 17, to))
    assert call.args[:3] == (room, client.session.token.session, "1")
    [ack] = client.events()
    assert ack == m.Ack(id="1", position="k1-2-a", at=17, to=to or None, room=room)
    client.says(request_)
    bench.broker.answer("sent", None)
    assert client.error().id == "1"
    client.says(request_)
    bench.broker.answer("sent", Unavailable.UNREACHABLE)
    assert client.error().code == Code.UNAVAILABLE


def test_nothing_is_looked_for_in_a_room_that_cannot_be() -> None:
    bench, client = welcome()
    client.says(m.Send(room="a b", text="hi", id="1", ref="r"))
    error = client.error()
    assert (error.code, error.id, error.ref, error.room) == (Code.BAD_ROOM, "1", "r", "a b")
    assert bench.broker.names() == []


def test_a_direct_names_its_author_and_its_kind() -> None:
    bench, client = welcome()
    client.says(m.SendDirect(to="BO", text="waves", id="1", kind="action"))
    call = bench.broker.take("direct")
    post, fold, before, after = call.args
    assert (fold, before) == ("bo", b'"from":"ana","to":"')
    assert after == b'","text":"waves","id":"1","kind":"action"}' and post.body == b""
    call.done(Stored("@", "k1-2-a", 17, "Bo"))
    assert client.events() == [m.Ack(id="1", position="k1-2-a", at=17, to="Bo")]


def test_who_joins_is_told_where_and_gets_what_follows() -> None:
    bench, client = welcome()
    client.says(m.Join(room="Tea", ref="r"))
    bench.broker.answer("join", Membership("tea", str(at(4)), 3, True, True))
    [joined] = client.events()
    assert joined == m.Joined(
        ref="r",
        room="tea",
        position=str(at(4)),
        members=3,
        created=True,
        quiet=True,
        messages=[],
    )
    assert bench.broker.names() == ["watch"]


def test_a_join_with_history_is_told_at_the_place_where_delivery_goes_on() -> None:
    bench, client = welcome()
    client.says(m.Join(room="tea", history=2))
    bench.broker.answer("join", membership("tea", 4))
    call = bench.broker.answer("history", (EPOCH, [entry(2), entry(3)], True))
    assert call.args[:4] == ("tea", "upto", str(at(4)), 2)
    [joined] = client.events()
    assert isinstance(joined, m.Joined) and joined.position == str(at(4))
    assert [past.text for past in joined.messages] == ["x2", "x3"]


def test_a_join_whose_history_cannot_be_read_is_a_join_all_the_same() -> None:
    bench, client = welcome()
    client.says(m.Join(room="tea", history=2))
    bench.broker.answer("join", membership("tea", 4))
    bench.broker.answer("history", Unavailable.UNREACHABLE)
    assert client.hears() == ["joined"] and "tea" in client.session.rooms


def test_who_is_in_a_room_already_is_told_what_was_delivered_last() -> None:
    bench, client = welcome()
    bench.events.frame(frame([entry(2)], log="r:general"))
    client.hears()
    client.says(m.Join(room="general"))
    bench.broker.answer("join", membership("general", 1))
    [joined] = client.events()
    assert isinstance(joined, m.Joined) and joined.position == str(at(2))


def test_nobody_is_in_more_rooms_than_allowed() -> None:
    rooms = tuple(f"room{number}" for number in range(limits.ROOMS))
    bench, client = welcome(rooms)
    client.says(m.Join(room="one-more"), m.Create(room="one-more"))
    assert client.hears() == ["error too-many-rooms"] * 2
    client.says(m.Join(room="room0"))
    assert bench.broker.names() == ["join"]


def test_who_leaves_is_told_last_what_came_before_and_nothing_after() -> None:
    bench, client = welcome()
    client.says(m.Leave(room="general", ref="r"))
    bench.events.frame(frame([entry(2), entry(3, "me", kind="l")], log="r:general"))
    assert client.hears() == []
    bench.broker.answer("leave", (str(at(3, "me")), 17))
    assert client.hears() == ["x2", "left ana"]
    bench.events.frame(frame([entry(4)], prev="me", log="r:general"))
    assert client.hears() == [] and client.session.rooms == {}


def test_who_leaves_a_quiet_room_is_told_without_a_position() -> None:
    bench, client = welcome()
    client.says(m.Leave(room="general", ref="r"))
    bench.broker.answer("leave", None)
    assert client.events() == [m.Left(ref="r", room="general", nick="ana", reason="left")]


def test_another_nick_is_answered_and_then_used() -> None:
    bench, client = welcome()
    client.says(m.SetNick(nick="Bo", ref="r"))
    call = bench.broker.answer("rename", ("ana", 17))
    assert call.args[1:3] == ("Bo", "bo")
    assert client.events() == [m.Renamed(ref="r", nick="Bo", from_="ana", at=17)]
    client.says(m.Send(room="general", text="hi"))
    assert bench.broker.take("publish").args[1].body == b'"from":"Bo","text":"hi"}'


def test_lists_are_passed_on_with_their_prepared_starting_points() -> None:
    bench, client = welcome()
    client.says(m.ListRooms(after="TEA"), m.ListRooms(after=" "))
    assert bench.broker.answer("rooms", ([("ücretsiz", 0)], True)).args[0] == "tea"
    assert bench.broker.answer("rooms", ([], False)).args[0] == " "
    client.says(m.ListMembers(room="General", after="ANA", ref="r"))
    assert bench.broker.answer("members", (["bo"], True)).args[:2] == ("general", "ana")
    first, _, members = client.events()
    assert first == m.Rooms(rooms=[m.RoomRow(room="ücretsiz", members=0)], more=True)
    assert members == m.Members(ref="r", room="general", members=["bo"], more=True)


def test_history_is_read_before_or_after_or_from_the_end() -> None:
    bench, client = welcome()
    client.says(
        m.GetHistory(room="general"),
        m.GetHistory(room="general", before=str(at(9)), limit=3),
        m.GetHistory(room="general", after=str(at(9)), limit=200),
    )
    asked = [bench.broker.answer("history", (EPOCH, [entry(2)], True)).args[:4] for _ in range(3)]
    assert asked == [
        ("general", "before", "", limits.HISTORY_DEFAULT),
        ("general", "before", str(at(9)), 3),
        ("general", "after", str(at(9)), 200),
    ]
    history = client.events()[0]
    past = m.Past(room="general", position=str(at(2)), at=17, from_="ana", text="x2")
    assert history == m.History(room="general", messages=[past], more=True)
