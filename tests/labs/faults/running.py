"""How scenarios of both laboratories are run: side by side in tests, one by one by `make`."""

import asyncio
import re
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

import pytest

from tests.labs.faults.verdict import Violation

SHOWN = 20
"""Violations of a scenario that are shown."""
_NAME = re.compile(r"\[(.*)\]")


class Outcome(Protocol):
    """What is known of a scenario that is over."""

    @property
    def found(self) -> list[Violation]:
        """What is wrong."""

    @property
    def note(self) -> str:
        """What else there is to say."""


Row = TypeVar("Row", bound=Outcome)
Tasks = dict[str, asyncio.Task[Row]]
Run = Callable[[Path], Coroutine[Any, Any, Row]]
"""Runs a scenario, whose processes write into a directory."""


async def side_by_side(
    runs: Mapping[str, Run[Row]], together: int, request: pytest.FixtureRequest, directory: Path
) -> AsyncIterator[Tasks[Row]]:
    """Start the scenarios that the tests of this session are called after, so many at a time.

    They mostly wait. Those that come first are started first.
    """
    wanted = {name for item in request.session.items for name in _NAME.findall(item.name)}
    few = asyncio.Semaphore(together)

    async def one(run: Run[Row], number: int) -> Row:
        async with few:
            place = directory / str(number)
            place.mkdir()
            return await run(place)

    tasks = {
        name: asyncio.create_task(one(run, number))
        for number, (name, run) in enumerate(runs.items())
        if name in wanted
    }
    yield tasks
    for task in tasks.values():
        task.cancel()
    await asyncio.gather(*tasks.values(), return_exceptions=True)


def aloud(name: str, seconds: float, seed: int, run: Run[Row]) -> Row | None:
    """Run a scenario and say what is wrong; what its processes wrote is kept then.

    Returns None, having said why, if this machine lacks something for it.
    """
    print(f"{name}: {seconds:.0f} s ...", file=sys.stderr, flush=True)
    directory = Path(tempfile.mkdtemp(prefix="scenario-"))
    try:
        row = asyncio.run(run(directory))
    except pytest.skip.Exception as error:
        print(f"  left out: {error}", file=sys.stderr)
        return None
    for violation in row.found[:SHOWN]:
        print(f"  {violation.kind.value}: {violation.text}", file=sys.stderr)
    if row.note:
        print(f"  {row.note}", file=sys.stderr)
    if row.found:
        print(f"  seed {seed}; logs of all processes: {directory}", file=sys.stderr, flush=True)
    else:
        shutil.rmtree(directory)
    return row
