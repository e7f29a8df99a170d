"""Runs one scenario, and says what the honest clients felt of it."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from math import inf
from pathlib import Path

from tests.labs.abuse.scenarios import Scenario
from tests.labs.abuse.stage import TARGET, Stage
from tests.labs.abuse.stranger import WRONG
from tests.labs.abuse.watch import Cost, Watch
from tests.labs.faults.checker import check
from tests.labs.faults.verdict import Kind, Rules, Violation

LET_IN = 0.9
"""Share of the owner's attempts that have to succeed: one may come amid the guess of another."""
SHOWN = 6
"""Of the many things that strangers were told, so many are shown."""


@dataclass(frozen=True)
class Row:
    """A line of the table; latencies are in seconds."""

    name: str
    seconds: float
    messages: int
    waits: list[float]
    found: list[Violation]
    cut_off: int
    node: Cost
    redis: Cost
    tried: Counter[str]
    met: Counter[str]
    acks: list[float] = field(default_factory=list)
    note: str = ""

    def count(self, kind: Kind) -> int:
        """Return how many violations of a kind there were."""
        return sum(violation.kind is kind for violation in self.found)

    @property
    def late(self) -> float:
        """The seconds within which 99 of 100 deliveries came."""
        return self.within(0.99)

    def within(self, share: float) -> float:
        """Return the seconds within which such a share of all deliveries came; ever, if none."""
        return _within(self.waits, share)


async def run(scenario: Scenario, directory: Path, seed: int) -> Row:
    """Let honest clients talk while strangers attack, wait until all is quiet, and check."""
    stage = Stage(directory, scenario, seed)
    try:
        await stage.start()
        node, redis = Watch(stage.nodes[TARGET].pid), Watch(stage.redis.pid)
        start = time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(stage.talk())
            await stage.attacked()
            stage.talking = False
        seconds = time.monotonic() - start
        costs = node.cost(), redis.cost()
        cut_off = stage.cut_off()
        await stage.settle()
    finally:
        await stage.stop()
    return await asyncio.to_thread(judged, stage, costs, cut_off, seconds)


def judged(stage: Stage, costs: tuple[Cost, Cost], cut_off: int, seconds: float) -> Row:
    """Say what came of a scenario; costs are those of the attacked node, and of Redis."""
    found = check(stage.record, Rules(kept=stage.plan.history)) + stage.found
    tried: Counter[str] = Counter()
    met: Counter[str] = Counter()
    for told in stage.told:
        tried.update(told["tried"])
        met.update(told["met"])
    found += [
        Violation(Kind.SESSION, f"{what}, {count} times")
        for what, count in met.items()
        if what.startswith(WRONG)
    ]
    marks = (stage.scenario.node_mark, stage.scenario.redis_mark)
    for what, cost, mark in zip(("the node", "Redis"), costs, marks, strict=True):
        if cost.peak >= mark:
            found.append(Violation(Kind.MEMORY, f"{what} needed {cost.peak:.0f} MB"))
    share = costs[1].seconds / seconds
    if share > stage.scenario.redis_share:
        found.append(Violation(Kind.LATE, f"Redis was busy for {share:.0%} of the time"))
    acks = stage.record.acknowledged_in()
    found += late(acks, stage.scenario.wait)
    found += locked_out(stage.logins)
    waits, messages = stage.record.latencies(), stage.messages()
    name = stage.scenario.name
    return Row(name, seconds, messages, waits, found, cut_off, *costs, tried, met, acks)


def late(acks: list[float], wait: float) -> list[Violation]:
    """Say whether honest clients waited for too long until what they said was acknowledged."""
    slowest = _within(acks, 0.99)
    if slowest <= wait:
        return []
    text = f"99 of 100 messages were acknowledged within {slowest:.1f} s, not {wait:.0f} s"
    return [Violation(Kind.LATE, text)]


def locked_out(logins: Counter[str]) -> list[Violation]:
    """Say whether the owner of an account, who was there before, could not log in."""
    if logins["welcome"] >= logins.total() * LET_IN:
        return []
    return [Violation(Kind.SESSION, f"the owner of the account was answered {dict(logins)}")]


def _within(waits: list[float], share: float) -> float:
    """Return the seconds within which such a share came; ever, if there is nothing."""
    return waits[round((len(waits) - 1) * share)] if waits else inf


def table(rows: list[Row]) -> str:
    """Return the table of some scenarios: what honest clients felt, and what it cost the node."""
    heads = [
        "attack",
        "messages",
        "p50",
        "p99",
        "max ms",
        "ack p99",
        "lost",
        "doubled",
        "disorder",
        "other",
    ]
    lines = [[*heads, "cut off", "node MB", "peak", "CPU", "Redis MB", "Redis CPU"]]
    for row in rows:
        counts = [row.count(kind) for kind in (Kind.LOST, Kind.DOUBLED, Kind.DISORDER)]
        other = len(row.found) - sum(counts)
        times = [f"{row.within(share) * 1000:.0f}" for share in (0.5, 0.99, 1.0)]
        times.append(f"{_within(row.acks, 0.99) * 1000:.0f}")
        figures = [
            row.messages,
            *times,
            *counts,
            other,
            row.cut_off,
            f"{row.node.before:.0f}",
            f"{row.node.peak:.0f}",
        ]
        figures += [f"{row.node.seconds / row.seconds:.0%}", f"{row.redis.peak:.0f}"]
        figures.append(f"{row.redis.seconds / row.seconds:.0%}")
        lines.append([row.name, *map(str, figures)])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.rjust(width) if n else cell.ljust(width) for n, (cell, width) in cells)
        for cells in (list(enumerate(zip(line, widths, strict=True))) for line in lines)
    )


def strangers(rows: list[Row]) -> str:
    """Return what the strangers of each scenario tried, and what they were told."""
    lines = []
    for row in rows:
        if row.tried:
            lines.append(f"{row.name}: tried {_counts(row.tried)}; met {_counts(row.met)}")
    return "\n".join(lines)


def _counts(counts: Counter[str]) -> str:
    shown = [f"{count:,} {what}" for what, count in counts.most_common(SHOWN)]
    return ", ".join(shown) or "nothing"
