"""The requests of one connection are done in order, also while its session is put back."""

from node.core.model import Denied, Fenced, PendingMessage, Stored, Unavailable
from tests.unit.node.core.fakes import (
    BIRTH,
    RESTORED,
    Call,
    Client,
    HubBench,
    at,
    claimed,
    membership,
)
from wire import messages as m
from wire.errors import Code


def send(text: str, id: str | None = None) -> m.Send:
    """Return a message to everybody."""
    return m.Send(room="general", text=text, id=id)


def kept(call: Call, offset: int = 7) -> None:
    """Answer that a message was appended."""
    call.done(Stored("r:general", str(at(offset)), 17, ""))


def texts(bench: HubBench) -> list[str]:
    """Return what was published and not answered yet, in order."""
    posts = [call.args[1] for call in bench.broker.calls if call.name == "publish"]
    return [post.body.decode().split('"text":"')[1].split('"')[0] for post in posts]


def test_messages_follow_each_other_without_waiting_for_replies() -> None:
    bench = HubBench()
    client = bench.welcome()
    client.says(send("a", "1"), m.SendDirect(to="bo", text="b", id="2"), send("c", "3"))
    assert bench.broker.names() == ["publish", "direct", "publish"]
    for name in ("publish", "direct", "publish"):
        kept(bench.broker.take(name))
    acks = client.events()
    assert [event.id for event in acks if isinstance(event, m.Ack)] == ["1", "2", "3"]


def test_any_other_request_waits_for_those_before_it_and_those_behind_wait_for_it() -> None:
    bench = HubBench()
    client = bench.welcome()
    client.says(send("a", "1"), send("b", "2"), m.Join(room="tea"), send("c", "3"))
    assert bench.broker.names() == ["publish", "publish"]
    kept(bench.broker.take("publish"))
    assert bench.broker.names() == ["publish"]
    kept(bench.broker.take("publish"))
    assert bench.broker.names() == ["join"]
    bench.broker.answer("join", membership("tea"))
    assert bench.broker.names() == ["watch", "publish"]
    assert client.hears() == ["ack", "ack", "joined"]


def test_a_refused_request_is_not_waited_for() -> None:
    bench = HubBench()
    client = bench.welcome()
    client.says(m.Join(room="no room"), m.SetNick(nick="a b"), m.ListMembers(room="tea"), send("a"))
    assert client.hears() == ["error bad-room", "error bad-nick", "error not-in-room"]
    assert bench.broker.names() == ["publish"]


def test_a_request_refused_by_the_broker_lets_the_next_one_go() -> None:
    bench = HubBench()
    client = bench.welcome()
    client.says(m.Join(room="tea"), m.Create(room="tea"), m.ListRooms())
    bench.broker.answer("join", Denied.MISSING)
    bench.broker.answer("join", Denied.EXISTS)
    bench.broker.answer("rooms", ([("tea", 0)], False))
    assert client.hears() == ["error no-such-room", "error room-exists", "rooms"]


def test_a_ping_overtakes_what_waits() -> None:
    bench = HubBench()
    client = bench.welcome()
    client.says(m.ListRooms(), m.ListRooms(), m.Ping(ref="now"))
    assert client.hears() == ["pongevent"]


def test_requests_behind_a_hello_wait_for_it_and_fail_with_it() -> None:
    bench = HubBench()
    client = Client(bench)
    client.says(m.Hello(nick="ana"), send("a"), m.Hello(nick="bo"))
    bench.broker.answer("claim", Denied.TAKEN)
    assert client.hears() == ["error nick-taken", f"error {Code.NOT_WELCOME_YET}"]
    bench.broker.answer("claim", claimed("bo", ["general"]))
    assert client.hears() == ["welcome", "joined"]


def test_requests_whose_time_is_up_while_they_wait_are_answered_at_once() -> None:
    bench = HubBench()
    client = bench.welcome()
    client.says(*(m.Join(room=f"tea{number}", ref=str(number)) for number in range(20)))
    bench.time += bench.services.config.answer_within
    bench.broker.answer("join", Unavailable.UNREACHABLE)
    answers = client.events()
    assert [event.ref for event in answers] == [str(number) for number in range(20)]
    assert {event.code for event in answers if isinstance(event, m.Error)} == {Code.UNAVAILABLE}
    assert bench.broker.names() == ["standing"] and client.connection.pipeline.backlog == 0


def stranded() -> tuple[HubBench, Client]:
    """Return a client one of whose messages was refused: the session is not its own any more."""
    bench = HubBench()
    client = bench.welcome()
    client.says(send("a", "1"))
    bench.broker.answer("publish", Fenced.GONE)
    assert bench.broker.names() == ["check"] and client.hears() == []
    return bench, client


def test_a_session_that_was_taken_is_put_back_and_the_request_done_once_more() -> None:
    bench, client = stranded()
    old = client.session.token
    bench.broker.answer("check", False)
    memory, forgotten = bench.broker.calls[0].args[:2]
    assert (memory.was, memory.nick, forgotten) == (old.owner, "ana", False)
    assert memory.rooms == [("general", str(at(1)), BIRTH)]
    bench.broker.answer("restore", RESTORED)
    bench.broker.take("standing")
    post: PendingMessage = bench.broker.calls[0].args[1]
    assert client.session.token == memory.token == post.token != old
    kept(bench.broker.take("publish"))
    assert client.hears() == ["ack"] and bench.broker.calls == []


def test_what_a_client_says_while_its_session_is_put_back_stays_in_order() -> None:
    bench, client = stranded()
    client.says(send("b", "2"), send("c", "3"), m.ListRooms(), send("d", "4"))
    assert texts(bench) == []
    bench.broker.answer("check", False)
    bench.broker.answer("restore", RESTORED)
    assert texts(bench) == ["a", "b", "c"]
    for _ in range(3):
        kept(bench.broker.take("publish"))
    bench.broker.answer("rooms", ([], False))
    assert texts(bench) == ["d"]


def test_messages_that_were_under_way_together_are_repeated_in_order() -> None:
    bench = HubBench()
    client = bench.welcome()
    client.says(send("a"), send("b"), m.ListRooms(), send("c"))
    first, second = bench.broker.take("publish"), bench.broker.take("publish")
    first.done(Fenced.GONE)
    client.says(send("d"))
    second.done(Fenced.GONE)
    bench.broker.answer("check", False)
    bench.broker.answer("restore", RESTORED)
    assert texts(bench) == ["a", "b"]


def test_every_request_that_may_find_the_session_gone_is_done_once_more() -> None:
    requests: list[tuple[str, m.AnyRequest]] = [
        ("join", m.Join(room="tea")),
        ("leave", m.Leave(room="general")),
        ("rename", m.SetNick(nick="bo")),
        ("direct", m.SendDirect(to="bo", text="hi")),
    ]
    for name, request in requests:
        bench = HubBench()
        client = bench.welcome()
        client.says(request)
        bench.broker.answer(name, Fenced.GONE)
        bench.broker.answer("check", False)
        bench.broker.answer("restore", RESTORED)
        assert bench.broker.names() == ["standing", name]
        assert client.connection.pipeline.backlog == (name == "direct")


def test_a_session_that_moved_on_ends_here_with_its_requests() -> None:
    for reply in (Fenced.GONE, Denied.TAKEN):
        bench, client = stranded()
        bench.broker.answer("check", False)
        bench.broker.answer("restore", reply)
        bench.broker.answer("check", False)
        assert client.hears() == ["bye cut-off"] and client.outlet.closed
        assert bench.broker.calls == []


def test_restoring_is_repeated_until_the_broker_says_something() -> None:
    bench, client = stranded()
    bench.broker.answer("check", Unavailable.UNREACHABLE)
    bench.broker.answer("restore", Unavailable.UNREACHABLE)
    bench.broker.answer("restore", RESTORED)
    assert texts(bench) == ["a"] and client.hears() == []


def test_a_client_that_leaves_while_it_is_put_back_is_let_go_once_more() -> None:
    bench, client = stranded()
    bench.broker.answer("check", False)
    memory = bench.broker.calls[0].args[0]
    client.connection.closed()
    bench.broker.take("part")
    bench.broker.answer("restore", RESTORED)
    assert bench.broker.take("part").args == (memory.token, False)
    assert bench.broker.calls == []


def test_sessions_that_redis_forgot_are_put_back_once_each() -> None:
    bench, client = stranded()
    other = bench.welcome("bo", key="b" * 16)
    bench.events.forgotten(lost=True)
    assert bench.broker.names() == ["check", "restore", "restore"]
    bench.broker.answer("check", True)
    bench.broker.answer("restore", RESTORED)
    bench.broker.answer("restore", RESTORED)
    assert texts(bench) == ["a"]
    assert other.hears() == client.hears() == []


def test_a_request_is_answered_in_time_also_while_its_session_is_put_back() -> None:
    bench, client = stranded()
    client.says(send("b", "2"))
    bench.pass_time(bench.services.config.answer_within)
    errors = [event for event in client.events() if isinstance(event, m.Error)]
    assert [(error.code, error.id) for error in errors] == [
        (Code.UNAVAILABLE, "1"),
        (Code.UNAVAILABLE, "2"),
    ]
    bench.broker.answer("check", False)
    bench.broker.answer("restore", RESTORED)
    assert texts(bench) == [] and client.connection.pipeline.backlog == 0
