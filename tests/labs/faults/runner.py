"""Runs one scenario, and says what came of it."""

import asyncio
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.labs.faults.checker import check
from tests.labs.faults.cluster import Cluster
from tests.labs.faults.scenarios import Scenario
from tests.labs.faults.verdict import Kind, Violation


@dataclass(frozen=True)
class Row:
    """A line of the table; times are in seconds."""

    name: str
    messages: int
    faults: int
    found: list[Violation]
    longest: float
    late: float
    after: float | None = None
    """For how long after Redis could be reached again a client was without service."""
    trimmed: int = 0
    """Messages that were acknowledged and are in no log at the end."""
    note: str = ""
    times: dict[str, float] = field(default_factory=dict)
    """For how long some were without service, by what they have in common."""

    def count(self, kind: Kind) -> int:
        """Return how many violations of a kind there were."""
        return sum(violation.kind is kind for violation in self.found)


async def run(scenario: Scenario, directory: Path, seed: int) -> Row:
    """Let clients talk, do what the scenario does, wait until all is quiet, and check."""
    lab = scenario.cluster(directory, scenario.plan, seed)
    try:
        await lab.start()
        end = time.monotonic() + scenario.plan.seconds
        async with asyncio.TaskGroup() as tasks:
            for work in (lab.talk(), lab.come_and_go(), lab.rivals()):
                tasks.create_task(work)
            try:
                await scenario.drive(lab, end)
            except (AssertionError, OSError, TimeoutError) as error:
                text = f"what was to be done could not be done: {error!r:.1000}"
                lab.found.append(Violation(Kind.SESSION, text))
            await asyncio.sleep(max(0.0, end - time.monotonic()))
            lab.talking = False
        await lab.settle()
    finally:
        await lab.stop()
    # In a thread: the proxies and clients of other scenarios may be in this loop.
    return await asyncio.to_thread(_row, scenario, lab, directory)


def _row(scenario: Scenario, lab: Cluster, directory: Path) -> Row:
    """Check what is recorded; keep it if something is wrong."""
    found = lab.found + check(lab.record, replace(scenario.rules, kept=lab.plan.history))
    if found:
        events = "\n".join(map(str, lab.record.events))
        (directory / "record.txt").write_text(events)
    waits = lab.record.latencies()
    late = waits[len(waits) * 99 // 100] if waits else 0.0
    after = lab.record.longest_after(lab.back) if lab.back else None
    return Row(
        *(scenario.name, lab.messages(), lab.faults, found, lab.record.longest(), late, after),
        *(lab.record.trimmed(), lab.note, lab.times()),
    )


def table(rows: list[Row]) -> str:
    """Return the table of some scenarios.

    The last columns: the longest time that a client was without service; what of that was left when
    Redis could be reached again; the time within which 99 of 100 deliveries came. On a cluster,
    also how long witnesses were without service, and what came later than it may.
    """
    more = list(dict.fromkeys(name for row in rows for name in row.times))
    shown = [kind for kind in Kind if kind is not Kind.LATE or more]
    kinds = [kind.value for kind in shown]
    lines = [
        ["scenario", "messages", "trimmed", "faults", *kinds, "no service", "then", "p99 delivery"]
    ]
    lines[0] += more
    for row in rows:
        counts = [str(row.count(kind)) for kind in shown]
        after = "" if row.after is None else f"{row.after:.1f} s"
        times = [f"{row.longest:.1f} s", after, f"{row.late * 1000:.0f} ms"]
        times += [f"{row.times[name]:.1f} s" if name in row.times else "" for name in more]
        lines.append(
            [row.name, str(row.messages), str(row.trimmed), str(row.faults), *counts, *times]
        )
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.rjust(width) if n else cell.ljust(width) for n, (cell, width) in cells)
        for cells in (list(enumerate(zip(line, widths, strict=True))) for line in lines)
    )
