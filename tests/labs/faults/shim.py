"""Builds shim.c, which lets the operating system of one process misbehave."""

import asyncio
import os
import shutil
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_name("shim.c")


def compiler() -> str:
    """Return the path of a C compiler; without one, skip what needs it, but fail it in CI."""
    found = shutil.which("cc") or shutil.which("gcc")
    if found is None or sys.platform != "linux":
        if os.environ.get("CI"):
            pytest.fail("there is no C compiler, or this is not Linux")
        pytest.skip("wants a C compiler, and Linux")
    return found


class Shim:
    """The library, built into a directory; ``variables`` put it before a process."""

    NAME = "redis.laboratory.test"

    def __init__(self, directory: Path) -> None:
        self._library = directory / "shim.so"
        self._clock = directory / "clock"
        self._names = directory / "names-are-dead"
        self._clock.write_text("0")

    async def build(self) -> None:
        """Compile it."""
        words = (compiler(), "-O1", "-shared", "-fPIC", "-o", str(self._library), str(SOURCE))
        process = await asyncio.create_subprocess_exec(*words, "-ldl")
        assert await process.wait() == 0, "shim.c does not compile"

    @property
    def variables(self) -> dict[str, str]:
        """The environment of a process that is to have it."""
        return {
            **{"LD_PRELOAD": str(self._library), "SHIM_CLOCK": str(self._clock)},
            **{"SHIM_NAMES": str(self._names), "SHIM_NAME": self.NAME},
        }

    def step(self, seconds: float) -> None:
        """Step the wall clock."""
        self._clock.write_text(str(int(self._clock.read_text()) + round(seconds * 1000)))

    def answer_names(self, alive: bool) -> None:
        """Let the name server live, or be dead."""
        if alive:
            self._names.unlink(missing_ok=True)
        else:
            self._names.touch()
