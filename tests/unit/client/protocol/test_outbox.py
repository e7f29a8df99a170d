"""Messages stay in the outbox, in order, until they are acknowledged or finally refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.protocol.outbox import DOUBTFUL_AFTER, MOST_FAULTS, Outbox
from tests.support.scripted import refused
from wire.errors import CODES, Code
from wire.messages import Send


def put(outbox: Outbox, *ids: str) -> None:
    """Add a message for each id."""
    for id in ids:
        outbox.add(id, Send(room="general", text=id, id=id))


def due(outbox: Outbox, now: float = 0.0) -> list[str | None]:
    """Return the ids of what is to be written."""
    return [message.id for message in outbox.due(now)]


def test_one_message_is_on_the_wire_at_a_time() -> None:
    outbox = Outbox()
    put(outbox, "1", "2")
    assert due(outbox) == ["1"]
    assert due(outbox) == []
    outbox.settle("1")
    assert due(outbox) == ["2"]


def test_a_larger_window_lets_more_of_them_go() -> None:
    outbox = Outbox(window=2)
    put(outbox, "1", "2", "3")
    assert due(outbox) == ["1", "2"]
    outbox.settle("1")
    assert due(outbox) == ["3"]


def test_a_refusal_for_a_while_holds_those_behind_it_as_well() -> None:
    outbox = Outbox()
    put(outbox, "1", "2")
    due(outbox, 10.0)
    assert not outbox.refuse(refused("rate-limited", id="1", after=500), 10.0)
    assert outbox.wake_at == 10.5
    assert due(outbox, 10.4) == []
    assert due(outbox, 10.5) == ["1"]


@pytest.mark.parametrize("code, throttled", [("rate-limited", True), ("unavailable", False)])
def test_only_the_rate_limit_throttles(code: str, throttled: bool) -> None:
    outbox = Outbox()
    put(outbox, "1")
    due(outbox, 10.0)
    assert not outbox.is_throttled
    outbox.refuse(refused(code, id="1", after=500), 10.0)
    assert outbox.is_throttled is throttled
    due(outbox, 10.5)
    assert not outbox.is_throttled


def test_without_a_time_it_is_a_second() -> None:
    outbox = Outbox()
    put(outbox, "1")
    due(outbox, 10.0)
    outbox.refuse(refused("unavailable", id="1"), 10.0)
    assert outbox.wake_at == 11.0


@pytest.mark.parametrize("code", [code for code in Code if not CODES[code].retry])
def test_a_permanent_refusal_is_final(code: Code) -> None:
    outbox = Outbox()
    put(outbox, "1", "2")
    due(outbox)
    assert outbox.refuse(refused(code, id="1"), 0.0)
    assert due(outbox) == ["2"]


def test_an_unknown_code_is_final_unless_it_says_when_to_retry() -> None:
    outbox = Outbox()
    put(outbox, "1")
    due(outbox)
    assert not outbox.refuse(refused("too-sunny", id="1", after=10), 0.0)
    due(outbox, 1.0)
    assert outbox.refuse(refused("too-sunny", id="1"), 1.0)


def test_a_fault_of_the_nodes_own_is_not_met_for_ever() -> None:
    outbox = Outbox()
    put(outbox, "1")
    for turn in range(MOST_FAULTS):
        assert due(outbox, turn * 10.0) == ["1"]
        assert not outbox.refuse(refused("internal", id="1"), turn * 10.0)
    due(outbox, 100.0)
    assert outbox.refuse(refused("internal", id="1"), 100.0)


def test_after_a_lost_connection_all_is_written_again_in_order() -> None:
    outbox = Outbox(window=3)
    put(outbox, "1", "2", "3", "4")
    due(outbox)
    outbox.settle("2")
    outbox.disconnected()
    assert due(outbox) == ["1", "3", "4"]


def test_an_answer_to_nothing_of_ours_changes_nothing() -> None:
    outbox = Outbox()
    put(outbox, "1")
    due(outbox)
    assert outbox.settle("7") is None
    assert outbox.refuse(refused("bad-request", id="7"), 0.0)
    assert len(outbox) == 1


def test_a_message_whose_fate_is_unknown_for_too_long_is_given_up() -> None:
    outbox = Outbox()
    put(outbox, "1", "2")
    due(outbox, 0.0)
    outbox.disconnected()
    assert outbox.expire(DOUBTFUL_AFTER) == []
    assert outbox.expire(DOUBTFUL_AFTER + 1) == ["1"]
    assert due(outbox, DOUBTFUL_AFTER + 1) == ["2"]


def test_doubt_begins_with_the_first_writing() -> None:
    outbox = Outbox()
    put(outbox, "1")
    for now in (0.0, 100.0, 200.0):
        due(outbox, now)
        outbox.refuse(refused("unavailable", id="1", after=0), now)
    assert outbox.expire(DOUBTFUL_AFTER + 1) == ["1"]


def test_messages_never_written_or_rate_limited_are_not_doubtful() -> None:
    outbox = Outbox()
    put(outbox, "1", "2")
    due(outbox, 0.0)
    outbox.refuse(refused("rate-limited", id="1", after=0), 0.0)
    outbox.disconnected()
    assert outbox.expire(10_000.0) == []


@given(st.lists(st.sampled_from(["take", "later", "refuse", "lose"])), st.integers(1, 20))
def test_whatever_happens_messages_arrive_in_order(turns: list[str], count: int) -> None:
    outbox = Outbox()
    put(outbox, *(str(number) for number in range(count)))
    now = 0.0
    written: str | None = None
    taken: list[int] = []
    for turn in turns + ["take"] * count:
        now += 1.0
        for message in outbox.due(now):
            assert written is None
            written = message.id
        if turn == "lose":
            outbox.disconnected()
            written = None
        elif written is not None:
            if turn == "take":
                taken.append(int(written))
                outbox.settle(written)
            else:
                code = "unavailable" if turn == "later" else "not-in-room"
                outbox.refuse(refused(code, id=written, after=0), now)
            written = None
    assert taken == sorted(set(taken))


def test_all_messages_are_told_with_the_time_when_they_may_have_been_stored() -> None:
    outbox = Outbox()
    put(outbox, "1", "2")
    due(outbox, 10.0)
    assert [(message.id, since) for message, since in outbox.all()] == [("1", 10.0), ("2", None)]
    outbox.disconnected()
    due(outbox, 20.0)
    assert outbox.all()[0][1] == 10.0, "the first time counts"


def test_a_message_of_an_earlier_client_is_repeated_for_as_long_as_nodes_know_its_id() -> None:
    outbox = Outbox()
    outbox.add("1", Send(room="general", text="1", id="1"), doubtful_since=10.0)
    outbox.add("2", Send(room="general", text="2", id="2"), doubtful_since=11.0)
    assert outbox.expire(10.5 + DOUBTFUL_AFTER) == ["1"]
    assert due(outbox, 10.5 + DOUBTFUL_AFTER) == ["2"]
