"""The pipeline runs calls in order, and repeats each until it is done or past its deadline."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from redis import exceptions
from redis.asyncio import Redis

from node.brokers import keys, scripts
from node.brokers import pipeline as pipelines
from node.brokers.calls import Next, SimpleCall
from node.brokers.contact import Contact
from node.brokers.lanes import CHANGES, CLAIMS, LOGS, PAGES, READ_BYTES, READS, UPKEEP, Lane
from node.brokers.malformed import ProblemLog
from node.brokers.pipeline import Pipeline
from node.core.model import Failure, Unavailable
from node.telemetry.metrics import Metrics

Handler = Callable[[list[Any]], list[Any] | Exception]


class ScriptedRedis:
    """Answers each pipeline by the next handler, and at last by echoing the arguments."""

    def __init__(self, *handlers: Handler) -> None:
        self.handlers = list(handlers)
        self.pipelines: list[list[Any]] = []
        self.loads: list[Any] = []
        self.disconnects = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.connection_pool = self

    async def disconnect(self) -> None:
        self.disconnects += 1

    def pipeline(self, transaction: bool) -> "ScriptedPipeline":
        assert not transaction
        return ScriptedPipeline(self)


class ScriptedPipeline:
    """Gathers commands."""

    def __init__(self, redis: ScriptedRedis) -> None:
        self.redis = redis
        self.commands: list[Any] = []

    def execute_command(self, *command: Any) -> None:
        self.commands.append(command)

    async def execute(self, raise_on_error: bool) -> list[Any]:
        assert not raise_on_error
        await self.redis.gate.wait()
        if self.commands[0][:2] == ("SCRIPT", "LOAD"):
            return self.load()
        sent = [
            first_arg(c) if c[0] == "EVALSHA" and len(c) > 3 + c[2] else c for c in self.commands
        ]
        self.redis.pipelines.append(sent)
        handler = self.redis.handlers.pop(0) if self.redis.handlers else echo
        found = handler(self.commands)
        if isinstance(found, Exception):
            raise found
        return found

    def load(self) -> list[Any]:
        self.redis.loads += [source for _, _, source in self.commands]
        if self.redis.handlers and self.redis.handlers[0] is refuse_load:
            self.redis.handlers.pop(0)
            return [exceptions.ResponseError("BUSY Redis is busy running a script.")]
        return ["digest"]


def echo(commands: list[Any]) -> list[Any]:
    return [first_arg(command) if command[0] == "EVALSHA" else command for command in commands]


def first_arg(command: Any) -> Any:
    """Return the first argument behind the keys."""
    return command[3 + command[2]]


def refuse_load(_commands: list[Any]) -> list[Any]:
    raise AssertionError("taken by load")


def fail(error: Exception) -> Handler:
    """Return a handler that loses the connection."""
    return lambda commands: error


def each(error: Exception) -> Handler:
    """Return a handler that answers each command by an error."""
    return lambda commands: [error for _ in commands]


class Bench:
    """A pipeline over a scripted Redis, on a clock that stands still."""

    def __init__(self, redis: ScriptedRedis, replicas: int = 0) -> None:
        self.time = 100.0
        self.redis = redis
        self.metrics = Metrics()
        client = cast(Redis, redis)
        self.contact = Contact()
        problems = ProblemLog(self.metrics, lambda: self.time)
        self.pipeline = Pipeline(
            client, lambda: self.time, self.metrics, problems, replicas, self.contact
        )
        self.replies: list[Any] = []

    def call(self, name: str, within: float = 5.0, lane: Lane = CHANGES, weight: int = 1) -> None:
        """Make a call that notes its reply."""
        call = SimpleCall("tail", [name], self.time + within, self.replies.append, lane, weight)
        self.pipeline.call(call)


@asynccontextmanager
async def running(*handlers: Handler, replicas: int = 0) -> AsyncIterator[Bench]:
    """Run a pipeline."""
    bench = Bench(ScriptedRedis(*handlers), replicas)
    task = asyncio.create_task(bench.pipeline.run())
    try:
        yield bench
        assert not task.done()
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipelines, "BACKOFF", (0.0,))
    monkeypatch.setattr(pipelines, "REPEAT_PAUSE", 0.0)


async def idle(bench: Bench) -> None:
    """Wait until the pipeline has no call left."""
    async with asyncio.timeout(5):
        await bench.pipeline.idle()


async def test_the_calls_of_a_turn_go_out_in_one_pipeline_in_order() -> None:
    async with running() as bench:
        for name in "abc":
            bench.call(name)
        await idle(bench)
        assert bench.redis.pipelines == [["a", "b", "c"]] and bench.replies == ["a", "b", "c"]
        assert bench.metrics.round_trips.counts


async def test_calls_gather_while_a_pipeline_is_under_way() -> None:
    async with running() as bench:
        bench.redis.gate.clear()
        bench.call("a")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        for name in "bcd":
            bench.call(name)
        bench.redis.gate.set()
        await idle(bench)
        assert bench.redis.pipelines == [["a"], ["b", "c", "d"]]


async def test_a_pipeline_is_bounded() -> None:
    async with running() as bench:
        names = [str(number) for number in range(CHANGES.most + 3)]
        for name in names:
            bench.call(name)
        await idle(bench)
        assert [len(pipeline) for pipeline in bench.redis.pipelines] == [CHANGES.most, 3]
        assert bench.replies == names


@pytest.mark.parametrize("lane", [CLAIMS, PAGES, UPKEEP])
async def test_what_takes_long_lets_others_pass_and_is_not_forgotten(lane: Lane) -> None:
    async with running(each(exceptions.NoScriptError("no")), echo) as bench:
        slow = [f"slow {number}" for number in range(lane.most + 1)]
        for name in slow:
            bench.call(name, lane=lane)
        bench.call("a")
        await idle(bench)
        first = ["a", *slow[: lane.most]]
        assert bench.redis.pipelines == [first, first, slow[lane.most :]]
        assert bench.replies == ["a", *slow]


@pytest.mark.parametrize(("lane", "weight", "first"), [(CLAIMS, 26, 3), (CHANGES, 60, 5)])
async def test_a_call_that_takes_long_counts_for_several(
    lane: Lane, weight: int, first: int
) -> None:
    async with running() as bench:
        for number in range(first + 2):
            bench.call(str(number), lane=lane, weight=weight)
        await idle(bench)
        assert [len(pipeline) for pipeline in bench.redis.pipelines] == [first, 2]


@pytest.mark.parametrize("lane", [PAGES, LOGS, UPKEEP])
async def test_what_there_is_no_room_for_is_refused_at_once(lane: Lane) -> None:
    async with running() as bench:
        bench.redis.gate.clear()
        bench.call("under way")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        for number in range(int(lane.waiting) + 1):
            bench.call(str(number), lane=lane)
        assert bench.replies == [Unavailable.UNREACHABLE]
        bench.call("a")
        bench.redis.gate.set()
        await idle(bench)
        assert len(bench.replies) == lane.waiting + 3


def long(size: int) -> Handler:
    """Return a handler whose replies have so many bytes in all."""
    return lambda commands: [[b"x" * (size // len(commands))] for _ in commands]


async def test_reads_go_out_as_many_at_a_time_as_were_short_enough_lately() -> None:
    handlers = [long(0), long(0), long(4 * READ_BYTES), long(8 * READ_BYTES), long(READ_BYTES)]
    async with running(*handlers) as bench:
        bench.redis.gate.clear()
        for number in range(60):
            bench.call(str(number), lane=LOGS)
        bench.redis.gate.set()
        await idle(bench)
        sizes = [len(pipeline) for pipeline in bench.redis.pipelines]
        assert sizes[:6] == [4, 8, READS, 4, 1, 1] and max(sizes) == READS and sum(sizes) == 60


async def test_pages_and_logs_take_turns() -> None:
    async with running() as bench:
        for number in range(6):
            bench.call(f"page {number}", lane=PAGES)
        for number in range(3):
            bench.call(f"log {number}", lane=LOGS)
        await idle(bench)
        assert bench.redis.pipelines == [
            ["page 0", "log 0", "page 1", "log 1"],
            ["page 2", "log 2", "page 3", "page 4", "page 5"],
        ]


async def test_reads_that_timed_out_are_made_again_one_by_one_until_one_has_come() -> None:
    async with running(fail(exceptions.TimeoutError("slow")), fail(OSError()), echo) as bench:
        for number in range(6):
            bench.call(str(number), lane=LOGS)
        bench.call("a")
        await idle(bench)
        assert bench.redis.pipelines == [
            ["a", "0", "1", "2", "3"],
            ["a", "0"],
            ["a", "0"],
            ["1", "2"],
            ["3", "4", "5"],
        ]
        assert bench.replies == ["a", "0", "1", "2", "3", "4", "5"]


LOST = [
    exceptions.ConnectionError("gone"),
    exceptions.TimeoutError("slow"),
    ConnectionResetError(),
    asyncio.TimeoutError(),
]


@pytest.mark.parametrize("error", LOST, ids=lambda error: type(error).__name__)
async def test_calls_whose_connection_was_lost_are_made_again_in_order(error: Exception) -> None:
    async with running(fail(error), fail(error)) as bench:
        for name in "abc":
            bench.call(name)
        await idle(bench)
        assert bench.replies == ["a", "b", "c"] and bench.redis.pipelines == [["a", "b", "c"]] * 3
        assert bench.redis.disconnects == 2 and bench.metrics.broker_reconnects == 1


PASSING = [
    exceptions.BusyLoadingError("LOADING Redis is loading the dataset in memory"),
    exceptions.ReadOnlyError("You can't write against a read only replica."),
    exceptions.ResponseError("MASTERDOWN Link with MASTER is down"),
    exceptions.ResponseError("NOREPLICAS Not enough good replicas to write."),
    exceptions.ResponseError("MISCONF Redis is configured to save RDB snapshots"),
    exceptions.ResponseError("BUSY Redis is busy running a script."),
    exceptions.ResponseError("TRYAGAIN Multiple keys request during rehashing"),
    exceptions.ConnectionError("in the middle of the pipeline"),
]


@pytest.mark.parametrize("error", PASSING, ids=str)
async def test_what_redis_refuses_for_now_is_asked_again(error: Exception) -> None:
    async with running(each(error)) as bench:
        for name in "ab":
            bench.call(name)
        await idle(bench)
        assert bench.replies == ["a", "b"] and bench.redis.disconnects == 1


FULL = [
    exceptions.OutOfMemoryError("command not allowed"),
    exceptions.ResponseError("OOM command not allowed when used memory > 'maxmemory'."),
]


@pytest.mark.parametrize("error", FULL, ids=str)
async def test_what_a_full_redis_refuses_is_refused_and_contact_is_kept(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    def second_fails(commands: list[Any]) -> list[Any]:
        return ["a", error, "c"]

    async with running(second_fails, second_fails) as bench:
        for name in "abc" * 2:
            bench.call(name)
            if name == "c":
                await idle(bench)
        assert bench.replies == ["a", Unavailable.FULL, "c"] * 2 and bench.redis.disconnects == 0
        assert bench.contact.since == 100.0
        assert caplog.text.count("Redis is full") == 1


async def test_a_script_that_redis_does_not_know_is_loaded_and_run_again() -> None:
    async with running(each(exceptions.NoScriptError("no"))) as bench:
        bench.call("a")
        bench.call("b")
        await idle(bench)
        assert bench.redis.loads == [scripts.source("tail")] and bench.replies == ["a", "b"]


async def test_redis_may_refuse_to_load_a_script_for_now() -> None:
    async with running(each(exceptions.NoScriptError("no")), refuse_load) as bench:
        bench.call("a")
        await idle(bench)
        assert bench.replies == ["a"]


async def test_a_script_that_fails_is_refused_and_the_others_go_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def second_fails(commands: list[Any]) -> list[Any]:
        return ["a", exceptions.ResponseError("WRONGTYPE"), "c"]

    async with running(second_fails) as bench:
        for name in "abc":
            bench.call(name)
        await idle(bench)
        assert bench.replies == ["a", Unavailable.INTERNAL, "c"] and "WRONGTYPE" in caplog.text


async def test_what_is_overdue_is_unavailable_also_while_it_is_under_way() -> None:
    async with running() as bench:
        bench.redis.gate.clear()
        bench.call("under way", within=1)
        await asyncio.sleep(0)
        bench.call("waiting", within=2)
        bench.call("patient", within=9)
        bench.pipeline.expire()
        assert bench.replies == []
        bench.time += 1
        bench.pipeline.expire()
        bench.pipeline.expire()
        assert bench.replies == [Unavailable.UNREACHABLE]
        bench.time += 1
        bench.pipeline.expire()
        assert bench.replies == [Unavailable.UNREACHABLE] * 2
        bench.redis.gate.set()
        await idle(bench)
        assert bench.replies == [Unavailable.UNREACHABLE] * 2 + ["patient"]
        assert bench.redis.pipelines[-1] == ["patient"]


async def test_contact_is_counted_from_the_first_answer_without_a_break() -> None:
    async with running(echo, fail(OSError()), echo) as bench:
        assert bench.contact.since is None
        for expected in (100.0, 102.0):
            bench.call("a")
            await idle(bench)
            assert bench.contact.since == expected
            bench.time += 2


@pytest.mark.parametrize(
    ("written", "confirmed"),
    [
        (1, 0),
        (1, exceptions.ResponseError("no WAIT here")),
        # What WAIT says then is about what the connection wrote before, which may be nothing.
        (exceptions.ResponseError("NOREPLICAS Not enough good replicas to write."), 1),
    ],
)
async def test_without_enough_replicas_nothing_counts_as_done(
    written: object, confirmed: object
) -> None:
    def too_few(commands: list[Any]) -> list[Any]:
        return [*echo(commands[:-2]), written, confirmed]

    def enough(commands: list[Any]) -> list[Any]:
        assert commands[-2:] == [
            ("EVALSHA", scripts.digest("waits"), 2, *keys.waits("c")),
            ("WAIT", 1, 1000),
        ]
        return [*echo(commands[:-2]), 2, 1]

    async with running(too_few, enough, replicas=1) as bench:
        bench.call("a")
        await idle(bench)
        assert bench.replies == ["a"] and len(bench.redis.pipelines) == 2


class Patient:
    """A call that wants to wait a while before it is done."""

    script = "tail"
    lane = CHANGES
    weight = 1
    tag = keys.CONTROL_TAG

    def __init__(self, then: Next) -> None:
        self.then = [then, then, Next.NOTHING]

    def args(self) -> list[Any]:
        return [0, "again"]

    def reply(self, reply: Any) -> Next:
        return self.then.pop(0)

    def lost(self) -> None: ...

    def refuse(self, refused: Failure) -> None: ...

    def expire(self, now: float) -> None: ...


@pytest.mark.parametrize("then", [Next.WAIT, Next.MORE])
async def test_a_call_that_wants_more_goes_behind_the_others(then: Next) -> None:
    async with running() as bench:
        bench.pipeline.call(Patient(then))
        bench.call("a")
        await idle(bench)
        assert bench.redis.pipelines == [["again", "a"], ["again"], ["again"]]
