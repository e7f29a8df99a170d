"""A change that was answered `unavailable` may have been done: its client is told so in the end."""

from node.core.model import Fenced, Membership, SessionState, Unavailable
from tests.unit.node.core.fakes import RESTORED, Client, HubBench, entries, frame, membership
from wire import messages as m

HELD = membership("general")


def in_doubt(request: m.AnyRequest) -> tuple[HubBench, Client]:
    """Return a client whose request was not answered in time, and that has said something since."""
    bench = HubBench()
    client = bench.welcome()
    client.says(request)
    (name,) = bench.broker.names()
    bench.broker.answer(name, Unavailable.UNREACHABLE)
    assert client.hears() == ["error unavailable"]
    client.says(m.Send(room="general", text="hi"))
    assert bench.broker.names() == ["standing"], "what comes next waits until it is known"
    return bench, client


def stands(bench: HubBench, *memberships: Membership, nick: str = "ana") -> None:
    """Answer how the session stands."""
    bench.broker.answer("standing", SessionState(nick, 17, list(memberships)))


def said_by(bench: HubBench) -> bytes:
    """Return the message that went on its way at last."""
    return bytes(bench.broker.take("publish").args[1].body)


def test_a_join_that_was_done_after_all_is_told() -> None:
    bench, client = in_doubt(m.Join(room="tea", ref="1"))
    stands(bench, HELD, membership("tea"))
    (joined,) = client.events()
    assert isinstance(joined, m.Joined) and (joined.room, joined.ref) == ("tea", None)
    assert set(client.session.rooms) == {"general", "tea"}


def test_a_join_that_was_not_done_is_not_told() -> None:
    bench, client = in_doubt(m.Join(room="tea"))
    stands(bench, HELD)
    assert client.hears() == [] and set(client.session.rooms) == {"general"}
    assert said_by(bench)


def test_a_leave_that_was_done_after_all_is_told_and_nothing_comes_after_it() -> None:
    bench, client = in_doubt(m.Leave(room="general", ref="1"))
    bench.events.frame(frame(entries(2, 3), log="r:general"))
    stands(bench)
    (left,) = [event for event in client.events() if isinstance(event, m.Left)]
    assert (left.room, left.nick, left.ref, left.position) == ("general", "ana", None, None)
    assert not client.session.rooms
    assert client.hears() == []


def test_who_could_not_leave_reads_on() -> None:
    bench, client = in_doubt(m.Leave(room="general"))
    bench.events.frame(frame(entries(2, 3), log="r:general"))
    assert client.hears() == []
    stands(bench, HELD)
    assert client.hears() == ["x2", "x3"]


def test_a_nick_that_was_taken_after_all_is_told_and_spoken_under() -> None:
    bench, client = in_doubt(m.SetNick(nick="Bo", ref="1"))
    stands(bench, HELD, nick="Bo")
    (renamed,) = client.events()
    assert isinstance(renamed, m.Renamed)
    assert (renamed.nick, renamed.from_, renamed.at, renamed.ref) == ("Bo", "ana", 17, None)
    assert said_by(bench).startswith(b'"from":"Bo"')
    assert client.session.fold == "bo"


def test_how_a_session_stands_is_asked_until_it_is_known() -> None:
    bench, client = in_doubt(m.SetNick(nick="bo"))
    for _ in range(3):
        bench.broker.answer("standing", Unavailable.UNREACHABLE)
    stands(bench, HELD, nick="bo")
    assert client.hears() == ["renamed"]


def test_a_session_that_was_taken_from_us_stands_as_it_does_when_it_is_ours_again() -> None:
    """Its node could not renew its lease: what it could not hear of was done all the same."""
    bench, client = in_doubt(m.Join(room="tea"))
    bench.broker.answer("standing", Fenced.GONE)
    bench.broker.answer("check", False)
    memory, forgotten = bench.broker.answer("restore", RESTORED).args[:2]
    assert ([room for room, *_ in memory.rooms], forgotten) == (["general"], False)
    bench.broker.answer("standing", Fenced.GONE)  # asked before it was ours again
    stands(bench, HELD, membership("tea"))  # It is in all rooms that the node knows of.
    stands(bench, HELD, membership("tea"))
    assert client.hears() == ["joined"] and set(client.session.rooms) == {"general", "tea"}
    assert said_by(bench)


def test_a_session_that_is_over_ends_here_whatever_it_was_in_doubt_about() -> None:
    bench, client = in_doubt(m.Leave(room="general"))
    bench.broker.answer("standing", Fenced.GONE)
    bench.broker.answer("check", False)
    bench.broker.answer("restore", Fenced.GONE)
    bench.broker.answer("check", False)
    assert client.hears() == ["bye cut-off"]
    bench.broker.answer("standing", Fenced.GONE)
    assert bench.broker.calls == []


def test_a_session_that_was_forgotten_is_put_back_as_it_was() -> None:
    bench, client = in_doubt(m.Leave(room="general"))
    bench.broker.answer("standing", Fenced.GONE)
    bench.events.forgotten(lost=True)
    bench.broker.answer("check", True)
    bench.broker.answer("standing", Fenced.GONE)
    memory, forgotten = bench.broker.answer("restore", RESTORED).args[:2]
    assert ([room for room, *_ in memory.rooms], forgotten) == (["general"], True)
    assert set(client.session.rooms) == {"general"} and said_by(bench)


def test_a_session_that_was_forgotten_meanwhile_is_put_back_as_it_turns_out_to_be() -> None:
    bench, _ = in_doubt(m.SetNick(nick="bo"))
    bench.events.forgotten(lost=True)
    assert bench.broker.names() == ["standing"]
    stands(bench, HELD, nick="bo")
    memory, forgotten = bench.broker.take("restore").args[:2]
    assert (memory.nick, forgotten) == ("bo", True)


def test_who_quits_does_not_wait_until_it_is_known() -> None:
    bench = HubBench()
    client = bench.welcome()
    client.says(m.SetNick(nick="bo"))
    bench.broker.answer("rename", Unavailable.UNREACHABLE)
    client.says(m.Quit())
    assert bench.broker.names() == ["standing", "part"]
    client.connection.closed()
    stands(bench, HELD, nick="bo")
    assert client.session.nick == "ana"
