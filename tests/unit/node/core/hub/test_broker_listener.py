"""What a node does about what its broker reports."""

from node.core.entries import Append, Entry
from node.core.model import Claimed
from tests.unit.node.core.fakes import (
    BIRTH,
    Client,
    HubBench,
    at,
    claimed,
    entry,
    frame,
    membership,
    slice_,
)
from wire import messages as m


def direct(offset: int) -> Entry:
    """Return a direct message's entry."""
    held = entry(offset, kind="d")
    held.body = b'"from":"bo","to":"ana","text":"d%d"}' % offset
    return held


def test_the_broker_learns_what_is_known_of_each_log() -> None:
    bench = HubBench()
    client = bench.welcome(rooms=["general", "tea"])
    bench.events.frame(frame([entry(2)], log="r:tea"))
    assert bench.events.heads() == [("r:general", at(1)), ("r:tea", at(2))]
    assert bench.events.seen("r:tea") == at(2) and bench.events.seen("r:milk") is None
    assert bench.events.inboxes() == ["i:" + client.session.token.session]
    assert bench.events.holds(client.session.token.session) and not bench.events.holds("nobody")


def test_whatever_the_broker_notices_makes_the_log_be_read() -> None:
    bench = HubBench()
    bench.welcome()
    for notice in (bench.events.confirmed, bench.events.rewound, bench.events.differs):
        notice("r:general")
        bench.broker.answer("read", slice_([], top=at(1)))
        notice("r:milk")
        assert bench.broker.calls == []


def test_a_frame_of_a_room_that_is_not_followed_is_nobodys() -> None:
    bench = HubBench()
    client = bench.welcome()
    bench.events.frame(frame([entry(1)], log="r:milk"))
    bench.events.frame(frame([entry(1)], log="i:nobody"))
    assert client.hears() == [] and list(bench.rooms) == ["r:general"]


def test_the_notice_of_the_first_member_here_is_remembered_before_the_room_has_been_read() -> None:
    bench = HubBench()
    entered = frame([entry(3, "ana", kind="e")], log="r:tea")
    bench.events.appended(Append(entered, at(2), guarded=False))
    assert bench.broker.take("watch").args == ("r:tea",)
    bench.events.confirmed("r:tea")
    bench.broker.answer("tail", slice_([entry(1), entry(2)]))
    lost = bench.broker.take("heal").args[1]
    assert [held.id for held in lost.entries] == [b"ana"] and lost.base == at(2)


def test_a_notice_is_told_to_those_here_before_its_frame_comes() -> None:
    bench = HubBench()
    client = bench.welcome()
    entered = frame([entry(2, "bo", kind="e")], log="r:general")
    bench.events.appended(Append(entered, at(1), guarded=False))
    assert client.hears() == ["entered bo"]
    bench.events.frame(entered)
    assert client.hears() == []


def test_a_direct_to_somebody_here_is_remembered_though_its_inbox_is_forgotten() -> None:
    bench = HubBench()
    client = bench.welcome()
    log = "i:" + client.session.token.session
    bench.events.frame(frame([direct(1)], log=log))
    bench.events.appended(Append(frame([direct(2)], log=log), at(1)))
    assert client.hears() == ["d1", "d2"] and len(bench.hub.witness) == 1
    bench.broker.away = True
    bench.pass_time(1)
    bench.broker.away = False
    bench.pass_time(1)
    assert bench.broker.take("heal").args[0] == log


def test_what_redis_forgot_is_put_back_as_it_is_here() -> None:
    bench = HubBench()
    client = Client(bench)
    client.says(m.Hello(nick="Ana", key="a" * 16, attempt=7))
    reply: Claimed = claimed("Ana", ["tea"], claim=3)
    bench.broker.answer("claim", reply)
    client.says(m.Join(room="milk"))
    bench.broker.answer("join", membership("milk", 5, birth=b"b2"))
    old = client.session.token
    bench.events.forgotten(lost=True)
    memory, forgotten = bench.broker.take("restore").args[:2]
    assert forgotten and memory.token.session == old.session and memory.was == old.owner
    assert (memory.keyed, memory.nick, memory.fold) == (True, "Ana", "ana")
    assert (memory.attempt, memory.claim) == (7, 3)
    assert memory.rooms == [("tea", str(at(1)), BIRTH), ("milk", str(at(5)), b"b2")]


def test_who_is_here_goes_on_elsewhere_when_the_data_are_no_longer_ours() -> None:
    bench = HubBench()
    ana, stranger = bench.welcome(), Client(bench)
    bench.broker.calls.clear()
    bench.events.estranged()
    [bye] = ana.events()
    assert bye == m.Bye(reason="cut-off", retry_after_ms=1000)
    assert bench.rooms == {} and bench.registry.holders == {}
    # Nothing is written: not even that she is gone.
    assert bench.broker.names() == ["unwatch"]
    assert stranger.events() == []


def test_sessions_in_a_room_that_the_broker_lost_members_of_are_put_back() -> None:
    bench = HubBench()
    bench.welcome("ana", key="a" * 16)
    bench.welcome("bo", rooms=("tea",), key="b" * 16)
    assert (bench.events.present("r:general"), bench.events.present("r:tea")) == (1, 1)
    assert bench.events.present("r:nowhere") == bench.events.present("i:" + "a" * 16) == 0
    bench.events.absent("r:tea")
    call = bench.broker.take("restore")
    assert call.args[0].nick == "bo" and call.args[1] is False
    assert "restore" not in bench.broker.names()
