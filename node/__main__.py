"""The entry point of `chat-node`: runs a subcommand, or the nodes."""

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from node import app
from node.cli.subcommands import COMMANDS, PARSERS
from node.config import settings
from node.config.command_line import PROGRAM
from node.config.options import variables
from node.telemetry import log_queue, logs
from wire import environment

log = logging.getLogger(__name__)


def _runner() -> Callable[[Coroutine[Any, Any, None]], None]:
    """Return the function that runs a loop: that of uvloop if it is installed."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run
    return uvloop.run


def main() -> None:
    """Run the subcommand in the first argument, or else the nodes until they are told to stop."""
    if len(sys.argv) > 1 and sys.argv[1] in COMMANDS:
        raise SystemExit(COMMANDS[sys.argv[1]](sys.argv[2:]))
    chosen = settings.parse(sys.argv[1:], os.environ, PARSERS)
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
