"""The entry point of `chat-node`: runs a subcommand, or the nodes."""

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

from node import app
from node.cli.subcommands import COMMANDS, PARSERS
from node.config import settings
from node.config.command_line import PROGRAM
from node.config.options import variables
from node.telemetry import log_queue, logs
from wire import environment

log = logging.getLogger(__name__)

T = TypeVar("T")


def _runner() -> Callable[[Coroutine[Any, Any, None]], None]:
    """Return the function that runs a loop: that of uvloop if it is installed."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run
    return uvloop.run


def _printed(work: Callable[[], T]) -> T:
    """Do what may print; end in one line if the output cannot be written."""
    try:
        try:
            return work()
        finally:
            sys.stdout.flush()
    except OSError as error:
        if error.filename is not None:
            raise
        # Python still holds output, and would try to write it at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):  # as with `| head`
            raise SystemExit(0) from None
        print(f"{PROGRAM}: the output cannot be written: {error.strerror}", file=sys.stderr)
        raise SystemExit(1) from None


def main() -> None:
    """Run the subcommand in the first argument, or else the nodes until they are told to stop."""
    if len(sys.argv) > 1 and sys.argv[1] in COMMANDS:
        raise SystemExit(_printed(partial(COMMANDS[sys.argv[1]], sys.argv[2:])))
    chosen = _printed(partial(settings.parse, sys.argv[1:], os.environ, PARSERS))
    logs.configure(chosen.log_level, chosen.log_format, node=chosen.name)
    for warning in environment.warnings(os.environ, variables()):
        log.warning(warning)
    try:
        _runner()(app.serve(chosen))
    except (OSError, ValueError) as error:
        logs.complain(f"{PROGRAM}: {error}")
        raise SystemExit(1) from None
    finally:
        log_queue.flush()


if __name__ == "__main__":
    main()
