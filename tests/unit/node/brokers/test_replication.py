"""A pipeline is done once replicas have it; what is written for that is in a slot of the server."""

from typing import Any, cast

import pytest
from redis.exceptions import ConnectionError, ResponseError

from node.brokers import scripts
from node.brokers.connection import CommandRunner
from node.brokers.replication import Replication

MOVED = ResponseError("MOVED 7 b:2")


class Runner:
    """Answers pipelines as a test says."""

    def __init__(self, *replies: Any, again: tuple[Any, ...] = ()) -> None:
        self.asked: list[Any] = []
        self._replies = [list(replies), list(again)]

    async def execute(self, commands: list[Any]) -> list[Any]:
        self.asked += commands
        return self._replies.pop(0)


def replication(runner: Runner, tag: str | None) -> Replication:
    return Replication(cast(CommandRunner, runner), 1, lambda: tag)


@pytest.mark.parametrize(("tag", "used"), [("7", "7"), ("c", "c"), (None, "c")])
async def test_what_is_written_is_in_a_slot_of_the_server(tag: str | None, used: str) -> None:
    runner = Runner("ok", 1, 1)
    assert await replication(runner, tag).execute([("GET", "x")]) == ["ok"]
    declared = f"chat:{{{used}}}:waits", f"chat:{{{used}}}:never"
    assert runner.asked[1] == ("EVALSHA", scripts.digest("waits"), 2, *declared)


async def test_a_server_that_has_run_nothing_has_nothing_to_wait_for() -> None:
    assert await replication(Runner(MOVED, MOVED, 0), None).execute([("GET", "x")]) == [MOVED]


@pytest.mark.parametrize("refused", [MOVED, ResponseError("TRYAGAIN moving")])
async def test_what_a_server_runs_while_a_slot_of_it_moves_is_waited_for_in_another_slot(
    refused: ResponseError,
) -> None:
    runner = Runner(refused, "ok", refused, 0, again=(1, 1))
    calls = [("EVALSHA", "x", 1, f"chat:{{r:{room}}}:log") for room in ("tea", "ink")]
    assert await replication(runner, "7").execute(calls) == [refused, "ok"]
    declared = "chat:{r:ink}:waits", "chat:{r:ink}:never"
    assert runner.asked[4:] == [
        ("EVALSHA", scripts.digest("waits"), 2, *declared),
        ("WAIT", 1, 1000),
    ]


@pytest.mark.parametrize("again", [(MOVED, 1), (1, 0)])
async def test_what_was_run_without_a_write_to_wait_for_is_made_again(
    again: tuple[Any, ...],
) -> None:
    with pytest.raises(ConnectionError):
        runner = Runner("ok", MOVED, 1, again=again)
        await replication(runner, "7").execute([("EVALSHA", "x", 1, "chat:{r:tea}")])
