"""File descriptors: as many as there may be, and a word when there are none left."""

import asyncio
import errno
import logging
import os
import resource
from typing import Any

from node.telemetry import logs

log = logging.getLogger(__name__)

_NONE_LEFT = (errno.EMFILE, errno.ENFILE)


def raise_limit() -> None:
    """Let this process have as many as the system grants it: the usual 1024 are few clients."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (OSError, ValueError) as error:
            log.warning("the limit of open files stays", extra={"limit": soft, "error": str(error)})


class FileWatch:
    """Says once that there are no descriptors left, and once that there are some again.

    Clients are turned away before that; it takes something else to get there, such as very many
    of them in one moment. Then the loop goes on serving whom it has: uvloop closes who comes,
    asyncio lets them wait and tries again every second.
    """

    def __init__(self) -> None:
        self.none_left = False

    def look(self) -> None:
        """Find out; to be called about once a second."""
        try:
            os.close(os.open(os.devnull, os.O_RDONLY))
        except OSError as error:
            if error.errno not in _NONE_LEFT:
                raise
            self._say()
            return
        if self.none_left:
            self.none_left = False
            log.warning("there are file descriptors again")

    def on_exception(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Take what the loop could not do: asyncio tells of each failed accept with a traceback."""
        error = context.get("exception")
        if isinstance(error, OSError) and error.errno in _NONE_LEFT and "socket" in context:
            self._say()
        else:
            logs.on_fault(loop, context)

    def _say(self) -> None:
        if not self.none_left:
            self.none_left = True
            most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
            log.error("no file descriptors left: raise ulimit -n", extra={"limit": most})
