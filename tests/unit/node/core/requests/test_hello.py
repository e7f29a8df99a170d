"""A hello: what it asks for, what it is answered, and what becomes of its session."""

from hashlib import sha256

import pytest

from node.core.entries import START
from node.core.model import Denied, Failure, Fenced, Unavailable
from tests.unit.node.core.fakes import Client, HubBench, at, claimed, entry, frame, slice_
from wire import messages as m
from wire.errors import Code


def test_a_hello_is_welcomed_and_told_of_its_rooms() -> None:
    bench = HubBench()
    client = Client(bench)
    client.says(m.Hello(nick="ana", ref="1"))
    [call] = bench.broker.calls
    assert (call.args[0].rooms, call.args[0].default_room) == ([], "general")
    bench.broker.answer("claim", claimed("ana", ["general"]))
    welcome, joined = client.events()
    assert isinstance(welcome, m.Welcome) and isinstance(joined, m.Joined)
    assert (welcome.ref, welcome.nick, welcome.node, welcome.resumed) == (
        "1",
        "ana",
        "node-1",
        False,
    )
    assert (joined.room, joined.position, joined.members) == ("general", str(at(1)), 1)
    assert bench.broker.names() == ["watch"] and bench.events.holds(client.session.token.session)


def test_the_log_is_told_who_is_welcome_and_who_is_not() -> None:
    bench = HubBench()
    client = Client(bench)
    client.says(m.Hello(nick="no spaces"))
    client.says(m.Hello(nick="ana"))
    bench.broker.answer("claim", Denied.TAKEN)
    client.says(m.Hello(nick="bo"))
    bench.broker.answer("claim", claimed("bo", ["general"]))
    client.says(m.Hello(nick="bo"))  # There has been one: this is no attempt to log in.
    client.says(m.Ping())
    assert client.outlet.lines == [
        ("refused", "no spaces", {"code": "bad-nick"}),
        ("refused", "ana", {"code": "nick-taken"}),
        ("welcome", "bo", {"resumed": "no"}),
    ]


def test_the_log_is_told_of_a_banned_nick_once() -> None:
    bench = HubBench()
    client = Client(bench)
    client.says(m.Hello(nick="eve"))
    bench.broker.answer("claim", Denied.BANNED)
    assert client.outlet.lines == [("refused", "eve", {"code": "banned"})]


def test_a_session_is_found_by_its_key_and_without_one_is_its_own() -> None:
    bench = HubBench()
    names = []
    for key in ("a" * 16, "a" * 16, "b" * 16, None, None):
        Client(bench).says(m.Hello(nick="ana", key=key))
        claim = bench.broker.take("claim").args[0]
        names.append(claim.token.session)
        assert claim.keyed is (key is not None) and "aaaa" not in claim.token.session
    assert names[0] == names[1] and len(set(names)) == 4


def test_names_are_prepared_and_impossible_rooms_refused_alone() -> None:
    bench = HubBench()
    client = Client(bench)
    client.says(m.Hello(nick="Ana", rooms=["Tea", "tea", "no room", "milk"]))
    claim = bench.broker.take("claim")
    assert (claim.args[0].nick, claim.args[0].fold) == ("Ana", "ana")
    assert (list(claim.args[0].rooms), claim.args[0].default_room) == (["tea", "milk"], "")
    claim.done(claimed("Ana", ["tea"], refused=["milk"]))
    events = client.events()
    refused = [(event.code, event.room) for event in events if isinstance(event, m.Error)]
    assert refused == [("bad-room", "no room"), ("too-many-rooms", "milk")]


def test_of_very_many_refused_rooms_only_the_first_are_named() -> None:
    bench = HubBench()
    client = Client(bench)
    client.says(m.Hello(nick="ana", rooms=["no room"] * 60))
    claim = bench.broker.take("claim")
    claim.done(claimed("ana", [], refused=[f"r{number}" for number in range(51)]))
    errors = [event for event in client.events() if isinstance(event, m.Error)]
    assert [event.code for event in errors] == ["bad-room"] * 50 + ["too-many-rooms"] * 51
    assert errors[-1].room == "no room" and errors[-1].text.startswith("11 more rooms")


def test_a_nick_that_mixes_scripts_is_refused_unless_the_session_goes_on() -> None:
    bench = HubBench()
    client = Client(bench)
    client.says(m.Hello(nick="\u0430na"))
    [error] = client.events()
    assert isinstance(error, m.Error) and (error.code, bench.broker.calls) == ("bad-nick", [])
    assert "one script" in error.text
    client.says(m.Hello(nick="\u0430na", key="a" * 16))
    claim = bench.broker.take("claim")
    assert (claim.args[0].nick, claim.args[0].fold) == ("", "")
    # One that an older node let them have.
    claim.done(claimed("\u0430na", [], resumed=True))
    assert client.session.fold == "\u0430na ana"


def test_positions_say_where_delivery_goes_on() -> None:
    bench = HubBench()
    bench.welcome("bo", ["tea"], key="b" * 16)
    bench.events.frame(frame([entry(2), entry(3)], log="r:tea"))
    client = Client(bench)
    client.says(m.Hello(nick="ana", rooms=["tea"], positions={"tea": str(at(2)), "@": str(START)}))
    claim = bench.broker.take("claim")
    assert claim.args[0].known == [("r:tea", at(2))]
    claim.done(claimed("ana", ["tea"]))
    joined = client.events()[1:]
    assert isinstance(joined[0], m.Joined) and joined[0].position == str(at(2))
    assert isinstance(joined[1], m.Message) and joined[1].text == "x3"


@pytest.mark.parametrize("position", ["", "k1", "k1-01-x", "k1-1-", "K1-1-x", "k1--1-x"])
def test_what_is_no_position_is_a_bad_request_as_a_whole(position: str) -> None:
    bench = HubBench()
    client = Client(bench)
    client.says(m.Hello(nick="ana", positions={"tea": position}))
    assert client.error().code == Code.BAD_REQUEST and bench.broker.calls == []


def test_a_token_is_wanted_where_there_is_one() -> None:
    bench = HubBench(tokens=(sha256(b"sesame").digest(), sha256(b"other").digest()))
    client = Client(bench)
    client.says(m.Hello(nick="ana"), m.Hello(nick="ana", token="Sesame"))
    assert client.hears() == ["error bad-token"] * 2
    client.says(m.Hello(nick="ana", token="sesame"))
    assert bench.broker.names() == ["claim"]


@pytest.mark.parametrize(
    ("refused", "request_", "code"),
    [
        (Denied.TAKEN, m.Hello(nick="ana"), Code.NICK_TAKEN),
        (Denied.NAMELESS, m.Hello(key="k" * 16), Code.BAD_REQUEST),
        (Denied.NAMELESS, m.Hello(nick="a b", key="k" * 16), Code.BAD_NICK),
        (Fenced.UNHEALED, m.Hello(nick="ana"), Code.UNAVAILABLE),
        (Unavailable.UNREACHABLE, m.Hello(nick="ana"), Code.UNAVAILABLE),
        (Fenced.GONE, m.Hello(nick="ana"), Code.UNAVAILABLE),
        (Unavailable.INTERNAL, m.Hello(nick="ana"), Code.INTERNAL),
    ],
)
def test_a_hello_that_fails_leaves_the_connection_open_for_another(
    refused: Failure, request_: m.Hello, code: Code
) -> None:
    bench = HubBench()
    client = Client(bench)
    request_.ref = "r"
    client.says(request_)
    bench.broker.answer("claim", refused)
    error = client.error()
    assert (error.code, error.ref) == (code, "r")
    assert (error.retry_after_ms is not None) is (code is Code.UNAVAILABLE)
    client.says(m.Hello(nick="bo"))
    bench.broker.answer("claim", claimed("bo"))
    assert client.hears() == ["welcome"]


def test_a_bad_nick_without_a_key_is_refused_at_once() -> None:
    bench = HubBench()
    client = Client(bench)
    client.says(m.Hello(nick="no nick"))
    assert client.error().code == Code.BAD_NICK and bench.broker.calls == []


def test_an_attempt_that_is_not_above_the_last_is_replaced() -> None:
    bench = HubBench()
    client = Client(bench)
    client.says(m.Hello(nick="ana", key="k" * 16, attempt=1))
    bench.broker.answer("claim", Fenced.STALE)
    assert client.hears() == ["bye replaced"] and bench.broker.calls == []


@pytest.mark.parametrize("reply", [Unavailable.UNREACHABLE, Unavailable.INTERNAL])
@pytest.mark.parametrize("closed", [False, True])
def test_a_hello_that_may_have_been_done_unseen_is_undone(reply: Failure, closed: bool) -> None:
    """Else its nick would be held, by nobody, for as long as this node lives."""
    bench = HubBench()
    client = Client(bench)
    client.says(m.Hello(nick="ana"))
    if closed:
        client.connection.closed()
    claim = bench.broker.answer("claim", reply)
    part = bench.broker.take("part")
    assert part.args == (claim.args[0].token, False)


def test_a_session_that_comes_to_a_closed_connection_is_let_go() -> None:
    bench = HubBench()
    client = Client(bench)
    client.says(m.Hello(nick="ana"))
    client.connection.closed()
    claim = bench.broker.answer("claim", claimed("ana", ["general"]))
    assert bench.broker.take("part").args == (claim.args[0].token, False)
    assert client.hears() == [] and bench.rooms == {}


def test_a_continued_session_reads_its_inbox_on() -> None:
    bench = HubBench()
    client = Client(bench)
    client.says(m.Hello(key="k" * 16, positions={"@": str(at(3))}))
    bench.broker.answer("claim", claimed("ana", resumed=True, inbox=at(5)))
    read = bench.broker.take("read")
    assert read.args[1] == at(3)
    direct = [entry(number, kind="d") for number in (4, 5)]
    for held in direct:
        held.body = b'"from":"bo","to":"ana","text":"d%d"}' % held.offset
    read.done(slice_(direct))
    assert client.hears() == ["welcome", "d4", "d5"]
