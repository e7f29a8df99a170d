"""The load generator, bench/load.c, and how a shape becomes its plan."""

import json
import subprocess
import sys
import threading
from types import TracebackType
from typing import Any

from bench import dialects
from bench.dialects import Dialect
from bench.processes import BUILD, LOAD_CORE, Failed, pinned
from bench.servers import Server
from bench.shapes import Shape

WITHIN = 180.0
"""Seconds after which a run is given up."""
ALIVE_EVERY = 10
"""Seconds between signs of life, where a server wants them."""


class Load:
    """A load under way: ``event`` waits for its next stage, ``go`` lets it begin."""

    def __init__(self, shape: Shape, server: Server, ports: list[int]) -> None:
        self._log = (BUILD / "load.log").open("w+")
        self._child = subprocess.Popen(
            pinned(LOAD_CORE, [str(BUILD / "load")]),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        self._timer = threading.Timer(WITHIN, self._child.kill)
        self._timer.start()
        self._say(plan(shape, server.dialect, ports) + f"at_once {server.at_once}\nopen")

    def __enter__(self) -> "Load":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        self._child.kill()
        self._child.communicate()
        self._log.close()

    def _say(self, line: str) -> None:
        assert self._child.stdin is not None
        self._child.stdin.write(line + "\n")
        self._child.stdin.flush()

    def go(self) -> None:
        """Let it begin, once all clients are there."""
        self._say("go")

    def event(self, name: str) -> dict[str, Any]:
        """Return what it tells of its next stage."""
        assert self._child.stdout is not None
        line = self._child.stdout.readline()
        if not line:
            raise Failed(f"the load ended before it was {name}")
        event: dict[str, Any] = json.loads(line)
        if event["event"] == "failed":
            print(self.said(), file=sys.stderr)
            raise Failed(event["why"])
        assert event["event"] == name, line
        return event

    def said(self) -> str:
        """Return what it said beside its stages: of clients that were not served."""
        self._log.seek(0)
        return self._log.read()


def plan(shape: Shape, dialect: Dialect, ports: list[int]) -> str:
    """Return what the load reads."""
    members = shape.controls or shape.clients // shape.rooms
    opening = dialect.handshake + dialect.opening
    again = dialect.handshake + dialect.again if dialect.again else ()
    facts: list[tuple[str, object]] = [
        *(("port", port) for port in ports),
        *(("clients", shape.clients), ("rooms", shape.rooms), ("senders", shape.senders)),
        *(("window", shape.window), ("spread", shape.spread), ("rate", shape.rate)),
        *(("expect", members if dialect.echo else members - 1), ("size", dialects.SIZE)),
        *(("warm", shape.warm), ("seconds", shape.seconds), ("controls", shape.controls)),
        *(("step", f"{_plain(say)}\t{_plain(want)}") for say, want in opening),
        *(("again", f"{_plain(say)}\t{_plain(want)}") for say, want in again),
        *(("message", _plain(dialect.message)), ("alive", _plain(dialect.alive))),
        ("refusal", _plain(dialect.refusal)),
        *(("every", ALIVE_EVERY if dialect.alive else 0), ("handshake", len(dialect.handshake))),
        ("drain", shape.drain),
    ]
    return "".join(f"{name} {value}\n" for name, value in facts)


def _plain(text: str) -> str:
    return "".join(
        char if " " <= char <= "~" and char != "\\" else f"\\x{ord(char):02x}" for char in text
    )
