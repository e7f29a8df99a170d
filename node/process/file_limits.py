"""File descriptors: raises their limit, and logs when none are left."""

import asyncio
import errno
import logging
import os
import resource
from collections.abc import Callable
from typing import Any

log = logging.getLogger(__name__)

ExceptionHandler = Callable[[asyncio.AbstractEventLoop, dict[str, Any]], object]
"""What a loop calls with an exception that nothing has caught."""

_NONE_LEFT = (errno.EMFILE, errno.ENFILE)


def raise_limit() -> None:
    """Raise the limit as far as the system allows: the usual 1024 are too few for many clients."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (OSError, ValueError) as error:
            log.warning(
                "the limit of open files cannot be raised",
                extra={"limit": soft, "error": str(error)},
            )


class FileWatch:
    """Logs once that no descriptors are left, and once that there are some again.

    The connection limits refuse clients before that. It takes more to get there, such as very many
    connections in one moment. Connected clients are still served then. New connections are closed
    by uvloop; asyncio lets them wait, and tries again every second. ``on_fault`` handles the loop's
    other errors.
    """

    def __init__(self, on_fault: ExceptionHandler) -> None:
        self._on_fault = on_fault
        self.none_left = False

    def look(self) -> None:
        """Check whether a descriptor is free; called about once a second."""
        try:
            os.close(os.open(os.devnull, os.O_RDONLY))
        except OSError as error:
            if error.errno not in _NONE_LEFT:
                raise
            self._log_none_left()
            return
        if self.none_left:
            self.none_left = False
            log.warning("file descriptors are available again")

    def on_exception(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Handle an error of the loop: asyncio reports each failed accept with a traceback."""
        error = context.get("exception")
        if isinstance(error, OSError) and error.errno in _NONE_LEFT and "socket" in context:
            self._log_none_left()
        else:
            self._on_fault(loop, context)

    def _log_none_left(self) -> None:
        if not self.none_left:
            self.none_left = True
            most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
            log.error("no file descriptors left: raise ulimit -n", extra={"limit": most})
