"""The order of requests: which one may run, which one waits, and for what."""

import pytest

from node.core.session.keepalive import Keepalive
from node.core.session.pipeline import RequestPipeline
from node.core.session.recovery import TOO_LATE
from node.core.session.states import StateRow
from tests.unit.node.core.fakes import RESTORED
from tests.unit.node.core.session.recovery_bench import RecoveryBench
from wire import messages as m


def row(overlaps: bool = False, last: bool = False, counted: bool = True) -> StateRow:
    """Return how a request is taken."""
    return StateRow(lambda *_: None, overlaps=overlaps, last=last, counted=counted)


SEND, LIST, QUIT = row(overlaps=True), row(), row(last=True, counted=False)
REQUEST = m.Ping()


class PipelineBench:
    """A pipeline, and what it looks at."""

    def __init__(self) -> None:
        self.keepalive = Keepalive(0.0)
        self.recovering = RecoveryBench()
        self.advances = 0
        self.pipeline = RequestPipeline(self.recovering.recovery, self.keepalive, self._advance)

    def _advance(self) -> None:
        self.advances += 1

    def admitted(self) -> tuple[bool, bool, bool]:
        """Return whether a message, a list and a quit may run."""
        admits = self.pipeline.admits
        return admits(SEND), admits(LIST), admits(QUIT)


def test_a_request_runs_at_once_where_nothing_is_before_it() -> None:
    assert PipelineBench().admitted() == (True, True, True)


def test_messages_overlap_and_nothing_else_does() -> None:
    bench = PipelineBench()
    bench.pipeline.begin(overlaps=True)
    assert bench.admitted() == (True, False, False)
    bench.pipeline.finish(overlaps=True)
    assert bench.admitted() == (True, True, True)


def test_everything_waits_for_a_request_that_does_not_overlap() -> None:
    bench = PipelineBench()
    bench.pipeline.begin()
    assert bench.admitted() == (False, False, False)


def test_a_request_does_not_overtake_those_that_wait() -> None:
    bench = PipelineBench()
    bench.pipeline.push(REQUEST, LIST, 9.0)
    assert bench.admitted() == (False, False, False)
    assert bench.pipeline.admits(SEND, first=True)


def test_everything_waits_while_the_token_is_lost() -> None:
    bench = PipelineBench()
    bench.recovering.under_way = 1
    bench.recovering.recovery.strand(REQUEST, 9.0, lambda _: None)
    assert bench.admitted() == (False, False, False)


def test_only_a_quit_need_not_know_the_outcome_of_what_came_before() -> None:
    bench = PipelineBench()
    bench.recovering.recovery.reconcile(lambda _: None)
    assert bench.admitted() == (False, False, True)


def test_a_client_that_does_not_read_gets_no_page() -> None:
    bench = PipelineBench()
    bench.keepalive.pause(0.0, 1000)
    assert bench.admitted() == (True, False, True)


def test_requests_come_back_in_order_as_soon_as_they_may_run() -> None:
    bench = PipelineBench()
    pipeline = bench.pipeline
    pipeline.begin(overlaps=True)
    pipeline.push(REQUEST, LIST, 9.0)
    pipeline.push(REQUEST, SEND, 10.0)
    assert pipeline.pop(0.0) is None and pipeline.backlog == 3
    pipeline.finish(overlaps=True)
    assert bench.advances == 1
    first, second = pipeline.pop(0.0), pipeline.pop(0.0)
    assert first is not None and (first.row, first.deadline) == (LIST, 9.0)
    assert second is not None and second.row is SEND
    assert pipeline.pop(0.0) is None and not pipeline.waits and pipeline.backlog == 0


def test_a_request_that_is_late_comes_back_to_be_refused() -> None:
    bench = PipelineBench()
    bench.pipeline.begin()
    bench.pipeline.push(REQUEST, LIST, 9.0)
    assert bench.pipeline.pop(9.0 - TOO_LATE - 0.1) is None
    waiting = bench.pipeline.pop(9.0 - TOO_LATE)
    assert waiting is not None and waiting.is_late(9.0 - TOO_LATE)


def test_a_quit_does_not_wait_for_ever_for_the_requests_before_it() -> None:
    bench = PipelineBench()
    bench.pipeline.begin()
    bench.pipeline.push(REQUEST, QUIT, 9.0)
    assert bench.pipeline.pop(9.0 - TOO_LATE - 0.1) is None
    waiting = bench.pipeline.pop(9.0 - TOO_LATE)
    assert waiting is not None and waiting.row.last


def test_a_reply_moves_nothing_on_where_nothing_waits() -> None:
    bench = PipelineBench()
    bench.pipeline.begin(overlaps=True)
    bench.pipeline.finish(overlaps=True)
    assert bench.advances == 0


@pytest.mark.parametrize("overlaps", [True, False])
def test_a_reply_repeats_what_was_stranded(overlaps: bool) -> None:
    bench = PipelineBench()
    recovering = bench.recovering
    recovering.under_way = 2
    recovering.recovery.strand(REQUEST, 9.0, lambda _: None)
    recovering.broker.answer("check", False)
    recovering.broker.answer("restore", RESTORED)
    bench.pipeline.begin(overlaps)
    recovering.under_way = 1
    bench.pipeline.finish(overlaps)
    assert recovering.repeated == [REQUEST]


def test_a_request_that_is_run_again_is_not_under_way_meanwhile() -> None:
    pipeline = PipelineBench().pipeline
    pipeline.begin(overlaps=True)
    pipeline.withdraw(overlaps=True)
    assert (pipeline.under_way, pipeline.backlog) == (0, 0)
    pipeline.begin()
    assert pipeline.under_way == 1
    pipeline.withdraw(overlaps=False)
    assert pipeline.under_way == 0


def test_a_client_is_read_from_again_when_few_requests_are_left() -> None:
    pipeline = PipelineBench().pipeline
    for _ in range(3):
        pipeline.begin(overlaps=True)
    assert not pipeline.relieve(3)
    pipeline.throttle()
    assert not pipeline.relieve(2) and pipeline.throttled
    assert pipeline.relieve(3) and not pipeline.throttled


def test_a_pipeline_that_closes_keeps_only_a_quit() -> None:
    bench = PipelineBench()
    pipeline = bench.pipeline
    pipeline.begin(overlaps=True)
    for kind in (LIST, QUIT, SEND):
        pipeline.push(REQUEST, kind, 9.0)
    pipeline.close()
    assert pipeline.backlog == 2 and pipeline.quits
    pipeline.finish(overlaps=True)
    assert bench.advances == 1
    waiting = pipeline.pop(0.0)
    assert waiting is not None and waiting.row is QUIT and not pipeline.waits


def test_a_pipeline_that_is_cleared_keeps_no_request() -> None:
    pipeline = PipelineBench().pipeline
    pipeline.push(REQUEST, QUIT, 9.0)
    pipeline.clear()
    assert (pipeline.waits, pipeline.quits, pipeline.backlog) == (False, False, 0)
