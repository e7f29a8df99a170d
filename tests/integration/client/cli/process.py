"""The client as a process of its own."""

import asyncio
import fcntl
import os
import signal
import sys
import termios
from asyncio.subprocess import PIPE, Process
from pathlib import Path

ROOT = Path(__file__).parents[4]
WITHIN = 30.0
SIGNALS = [(signal.SIGHUP, 129), (signal.SIGINT, 130), (signal.SIGTERM, 143)]


async def start(
    *arguments: str, stdin: int = PIPE, stdout: int = PIPE, stderr: int = PIPE, **environment: str
) -> Process:
    """Start a client without a terminal, and as in cron: with hardly any environment."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        # Not in development mode: asyncio would log slow callbacks on a busy machine.
        *("-X", "faulthandler", "-W", "error", "-m", "client"),
        *arguments,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "CHAT_SETTINGS": os.devnull}
        | environment,
    )


def unread(pipe: int) -> int:
    """Return how many bytes are in a pipe."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, b"\0" * 4), sys.byteorder)
