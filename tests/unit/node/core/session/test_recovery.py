"""The states of a token, and of a change whose outcome is not known."""

import pytest

from node.core.model import Failure, Fenced, FencingToken, Restored, SessionState, Unavailable
from node.core.session.recovery import TOO_LATE, Outcome
from node.core.session.token_state import NEXT, Step, TokenState
from tests.unit.node.core.fakes import RESTORED
from tests.unit.node.core.session.recovery_bench import RecoveryBench
from wire import messages as m

NEWER = FencingToken("s1", "inc.1")
STANDS = SessionState("ana", 17, [])


def strand(bench: RecoveryBench, text: str = "a", deadline: float = 1000.0) -> list[Failure]:
    """Let the broker refuse a request that is under way; return where its refusals go."""
    refusals: list[Failure] = []
    bench.recovery.strand(m.Send(room="tea", text=text), deadline, refusals.append)
    return refusals


def lose(bench: RecoveryBench) -> None:
    """Let the broker refuse the only request under way, and not know why."""
    bench.under_way = 1
    strand(bench)
    bench.broker.answer("check", False)


def texts(bench: RecoveryBench) -> list[str]:
    """Return the messages that were repeated."""
    return [request.text for request in bench.repeated if isinstance(request, m.Send)]


def state(bench: RecoveryBench) -> TokenState:
    """Return the state of the token."""
    return bench.recovery.state


def outcome(bench: RecoveryBench) -> Outcome:
    """Return whether the outcome of a change is known."""
    return bench.recovery.outcome


# The table


def test_every_state_has_a_row() -> None:
    assert set(NEXT) == set(TokenState)


def test_every_state_can_be_reached_and_left_for_a_token_that_is_held() -> None:
    for start in TokenState:
        reached, new = {start}, {start}
        while new:
            new = {after for state in new for after in NEXT[state].values()} - reached
            reached |= new
        assert reached == set(TokenState)


@pytest.mark.parametrize("row", NEXT.values(), ids=[state.name for state in NEXT])
def test_a_session_is_put_back_once_at_a_time(row: dict[Step, TokenState]) -> None:
    assert (Step.RESTORED in row) is (Step.RESTORE not in row)


# The token


def test_a_refused_request_is_repeated_when_the_session_was_put_back() -> None:
    bench = RecoveryBench()
    lose(bench)
    assert state(bench) is TokenState.RECLAIMING and texts(bench) == []
    snapshot, forgotten = bench.broker.answer("restore", RESTORED).args[:2]
    assert (snapshot.token, snapshot.was, forgotten) == (NEWER, "inc.0", False)
    assert bench.session.token == NEWER and texts(bench) == ["a"]
    assert state(bench) is TokenState.HELD and bench.advanced == 1


def test_requests_are_repeated_only_when_all_replies_to_the_old_token_have_come() -> None:
    bench = RecoveryBench()
    bench.under_way = 2
    strand(bench, "a")
    bench.broker.answer("check", False)
    bench.broker.answer("restore", RESTORED)
    assert state(bench) is TokenState.REGAINED and texts(bench) == []
    strand(bench, "b")
    assert state(bench) is TokenState.HELD and texts(bench) == ["a", "b"]
    assert bench.broker.calls == []


def test_a_reply_that_is_no_refusal_lets_the_others_be_repeated_too() -> None:
    bench = RecoveryBench()
    bench.under_way = 2
    strand(bench, "a")
    bench.broker.answer("check", False)
    bench.broker.answer("restore", RESTORED)
    bench.under_way -= 1
    bench.recovery.replied()
    assert texts(bench) == ["a"]


def test_the_broker_is_asked_once_why_it_refuses_and_for_all_sessions_together() -> None:
    bench, other = RecoveryBench(), RecoveryBench()
    other.recovery._ownership = bench.ownership
    for each in (bench, bench, other):
        each.under_way += 1
        strand(each)
    assert bench.broker.names() == ["check"] and other.broker.names() == []
    bench.broker.answer("check", False)
    assert bench.broker.names() == other.broker.names() == ["restore"]


def test_a_session_that_was_forgotten_is_not_put_back_twice() -> None:
    bench = RecoveryBench()
    bench.under_way = 1
    strand(bench)
    bench.recovery.restore(forgotten=True)
    bench.broker.answer("check", True)
    bench.recovery.restore(forgotten=True)
    assert bench.broker.names() == ["restore"]


def test_a_session_that_is_not_to_be_had_is_cut_off() -> None:
    bench = RecoveryBench()
    lose(bench)
    bench.broker.answer("restore", Fenced.GONE)
    bench.broker.answer("check", Unavailable.UNREACHABLE)
    assert not bench.was_cut_off
    bench.broker.answer("check", False)
    assert bench.was_cut_off and texts(bench) == [] and not bench.recovery.waits


def test_a_session_that_was_forgotten_just_before_it_was_put_back_is_not_cut_off() -> None:
    """It was to be put back as one that the broker knows, and is put back as one that it lost."""
    bench = RecoveryBench()
    bench.recovery.restore(forgotten=False)
    bench.broker.answer("restore", Fenced.GONE)
    bench.recovery.restore(forgotten=True)
    bench.broker.answer("check", True)
    assert bench.broker.answer("restore", RESTORED).args[1] is True
    assert state(bench) is TokenState.HELD and not bench.was_cut_off


def test_a_connection_that_ends_while_a_refusal_is_looked_into_asks_for_nothing_more() -> None:
    bench = RecoveryBench()
    bench.recovery.restore(forgotten=False)
    bench.broker.answer("restore", Fenced.GONE)
    bench.is_over = True
    bench.broker.answer("check", False)
    assert bench.broker.calls == [] and not bench.was_cut_off


def test_a_session_is_put_back_until_the_broker_answers() -> None:
    bench = RecoveryBench()
    bench.recovery.restore(forgotten=True)
    for _ in range(3):
        bench.broker.answer("restore", Unavailable.UNREACHABLE)
    assert state(bench) is TokenState.RESTORING
    bench.broker.answer("restore", RESTORED)
    assert state(bench) is TokenState.HELD


def test_a_session_that_changed_meanwhile_is_put_back_as_it_is_now() -> None:
    bench = RecoveryBench()
    bench.recovery.restore(forgotten=True)
    bench.session.rename("bo", "bo")
    bench.broker.answer("restore", RESTORED)
    snapshot = bench.broker.answer("restore", RESTORED).args[0]
    assert (snapshot.nick, snapshot.was) == ("bo", "inc.1")
    assert bench.session.token == snapshot.token and bench.broker.calls == []


def test_a_session_is_put_back_again_after_a_change_that_was_decided_before() -> None:
    """As a `join`: the broker was told that the session is not in that room."""
    bench = RecoveryBench()
    bench.under_way = 1
    bench.recovery.restore(forgotten=True)
    bench.broker.answer("restore", RESTORED)
    assert state(bench) is TokenState.REGAINED
    bench.session.rename("bo", "bo")
    bench.under_way = 0
    bench.recovery.replied()
    snapshot, forgotten = bench.broker.answer("restore", RESTORED).args[:2]
    assert (snapshot.nick, snapshot.was, forgotten) == ("bo", "inc.1", True)
    assert state(bench) is TokenState.HELD and bench.broker.calls == []


@pytest.mark.parametrize(
    ("reply", "released"), [(RESTORED, True), (Unavailable.UNREACHABLE, True), (Fenced.GONE, False)]
)
def test_a_session_that_is_put_back_too_late_is_released(
    reply: Restored | Failure, released: bool
) -> None:
    bench = RecoveryBench()
    bench.recovery.restore(forgotten=True)
    bench.is_over = True
    bench.broker.answer("restore", reply)
    assert [call.args for call in bench.broker.calls] == [(NEWER, False)] * released


def test_a_connection_that_is_over_puts_nothing_back() -> None:
    bench = RecoveryBench()
    bench.is_over = True
    bench.recovery.restore(forgotten=True)
    assert bench.broker.calls == []


def test_a_session_that_its_client_has_ended_is_not_put_back() -> None:
    bench = RecoveryBench()
    bench.has_quit = True
    bench.recovery.restore(forgotten=True)
    assert bench.broker.calls == []


def test_a_session_that_its_client_ends_while_it_is_put_back_is_ended() -> None:
    """The `quit` was for the token from before."""
    bench = RecoveryBench()
    bench.recovery.restore(forgotten=True)
    bench.has_quit = True
    bench.broker.answer("restore", RESTORED)
    assert [call.args for call in bench.broker.calls] == [(NEWER, True)]


def test_a_request_that_waits_too_long_is_refused() -> None:
    bench = RecoveryBench()
    bench.under_way = 2
    early, late = strand(bench, "a", 1000.0), strand(bench, "b", 1001.0)
    bench.recovery.expire(1000.0 - TOO_LATE)
    assert (early, late) == ([Unavailable.UNREACHABLE], []) and bench.recovery.waits


# The outcome of a change


def reconcile(bench: RecoveryBench) -> list[SessionState | None]:
    """Let a change be answered `unavailable`; return where its outcome goes."""
    outcomes: list[SessionState | None] = []
    bench.recovery.reconcile(outcomes.append)
    return outcomes


def test_the_outcome_of_a_change_is_looked_up_until_it_is_known() -> None:
    bench = RecoveryBench()
    outcomes = reconcile(bench)
    bench.broker.answer("standing", Unavailable.UNREACHABLE)
    assert (outcomes, outcome(bench), bench.advanced) == ([], Outcome.UNKNOWN, 0)
    bench.broker.answer("standing", STANDS)
    assert (outcomes, outcome(bench), bench.advanced) == ([STANDS], Outcome.KNOWN, 1)


def test_an_outcome_that_cannot_be_known_leaves_the_session_as_it_was() -> None:
    bench = RecoveryBench()
    outcomes = reconcile(bench)
    bench.broker.answer("standing", Unavailable.INTERNAL)
    assert (outcomes, outcome(bench)) == ([None], Outcome.KNOWN)


def test_a_session_has_to_be_ours_again_before_its_outcome_can_be_known() -> None:
    bench = RecoveryBench()
    outcomes = reconcile(bench)
    bench.broker.answer("standing", Fenced.GONE)
    assert bench.broker.names() == ["check", "standing"]
    bench.broker.answer("check", False)
    bench.broker.answer("standing", Fenced.GONE)  # It is being put back already.
    assert bench.broker.names() == ["restore", "standing"]
    bench.broker.answer("restore", RESTORED)
    bench.broker.answer("standing", STANDS)
    assert outcomes == [STANDS]


def test_a_session_that_was_forgotten_in_doubt_is_put_back_when_its_outcome_is_known() -> None:
    bench = RecoveryBench()
    outcomes = reconcile(bench)
    bench.recovery.restore(forgotten=True)
    assert outcome(bench) is Outcome.RESTORE_DUE and bench.broker.names() == ["standing"]
    bench.broker.answer("standing", Fenced.GONE)  # It is forgotten: nobody knows the outcome.
    assert outcomes == [None] and bench.broker.names() == ["restore"]
    assert outcome(bench) is Outcome.KNOWN


def test_a_session_whose_lease_was_over_is_put_back_while_an_outcome_is_looked_up() -> None:
    bench = RecoveryBench()
    reconcile(bench)
    bench.recovery.restore(forgotten=False)
    assert bench.broker.names() == ["standing", "restore"]
    assert state(bench) is TokenState.RESTORING
    assert outcome(bench) is Outcome.UNKNOWN


def test_the_outcome_of_a_change_does_not_matter_to_a_connection_that_is_over() -> None:
    bench = RecoveryBench()
    outcomes = reconcile(bench)
    bench.is_over = True
    bench.broker.answer("standing", STANDS)
    assert outcomes == [] and bench.broker.calls == []
