"""A session that the broker has forgotten while it is put back, or while a change is in doubt."""

import pytest

from node.core.model import Failure, Fenced, Restored, SessionState, Unavailable
from node.core.session.recovery import Outcome
from node.core.session.token_state import TokenState
from tests.unit.node.core.fakes import RESTORED
from tests.unit.node.core.session.recovery_bench import RecoveryBench
from tests.unit.node.core.session.test_recovery import STANDS, outcome, reconcile, state


def forgotten_meanwhile(bench: RecoveryBench) -> list[SessionState | None]:
    """Let a session be forgotten in doubt, while it is put back as one that the broker has."""
    outcomes = reconcile(bench)
    bench.recovery.restore(forgotten=True)
    bench.recovery.restore(forgotten=False)
    assert bench.broker.names() == ["standing", "restore"]
    return outcomes


def restores(bench: RecoveryBench) -> list[bool]:
    """Return which of the restores that were asked for are of a forgotten session."""
    return [call.args[1] for call in bench.broker.calls if call.name == "restore"]


def test_a_forgotten_session_is_put_back_though_another_restore_was_refused_first() -> None:
    bench = RecoveryBench()
    outcomes = forgotten_meanwhile(bench)
    bench.broker.answer("restore", Fenced.GONE)
    assert not bench.was_cut_off and outcome(bench) is Outcome.RESTORE_DUE
    bench.broker.answer("standing", Fenced.GONE)
    assert outcomes == [None] and restores(bench) == [True]
    bench.broker.answer("restore", RESTORED)
    assert state(bench) is TokenState.HELD


def test_a_forgotten_session_is_put_back_though_another_restore_was_refused_later() -> None:
    bench = RecoveryBench()
    forgotten_meanwhile(bench)
    bench.broker.answer("standing", Fenced.GONE)
    bench.broker.answer("restore", Fenced.GONE)
    assert not bench.was_cut_off and restores(bench) == [True]
    bench.broker.answer("restore", Fenced.GONE)
    assert bench.was_cut_off, "it has ended, or is elsewhere"


@pytest.mark.parametrize("reply", [Fenced.GONE, Unavailable.UNREACHABLE, RESTORED])
def test_a_session_that_is_forgotten_while_it_is_put_back_is_put_back_as_such(
    reply: Restored | Failure,
) -> None:
    bench = RecoveryBench()
    bench.recovery.restore(forgotten=False)
    bench.recovery.restore(forgotten=True)
    bench.broker.answer("restore", reply)
    assert not bench.was_cut_off and restores(bench) == [True]


def test_an_outcome_is_looked_up_with_the_token_that_the_session_has_by_now() -> None:
    bench = RecoveryBench()
    outcomes = forgotten_meanwhile(bench)
    bench.broker.answer("restore", RESTORED)
    bench.broker.answer("standing", Fenced.GONE)
    assert (bench.broker.names(), outcomes) == (["standing"], [])
    bench.broker.answer("standing", STANDS)
    assert outcomes == [STANDS] and restores(bench) == [True]


def test_a_session_that_was_forgotten_and_put_back_may_be_refused_later() -> None:
    bench = RecoveryBench()
    bench.recovery.restore(forgotten=False)
    bench.recovery.restore(forgotten=True)
    bench.broker.answer("restore", RESTORED)
    bench.recovery.restore(forgotten=False)
    bench.broker.answer("restore", Fenced.GONE)
    assert bench.was_cut_off
