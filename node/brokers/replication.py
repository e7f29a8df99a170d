"""Waiting for replicas: a pipeline counts as done once enough of them have confirmed it."""

from collections.abc import Callable
from typing import Any

from redis import exceptions

from node.brokers import keys, scripts
from node.brokers.connection import CommandRunner, Commands
from node.brokers.failures import is_redirect

WITHIN_MS = 1000
"""Milliseconds for the replicas to confirm a pipeline."""
_SCRIPT = "waits"


class Replication:
    """Runs pipelines, with commands behind each that wait for so many replicas.

    ``tag`` returns a hash tag whose keys the server keeps; None if it is not known to keep any.
    """

    def __init__(
        self, commands: CommandRunner, replicas: int, tag: Callable[[], str | None]
    ) -> None:
        self._commands = commands
        self._replicas = replicas
        self._tag = tag

    async def execute(self, commands: Commands) -> list[Any]:
        """Return the replies to commands that the replicas have, too.

        Raises redis.exceptions.ConnectionError if too few replicas have confirmed: the calls were
        done, but may be lost, so they are handled as if their replies had been lost.
        """
        # WAIT promises only what its own connection has written (Redis 7.0 waits for more). A
        # repeat writes nothing, because what it repeats was written on another connection. So a
        # script writes something first.
        declared = keys.waits(self._tag() or keys.CONTROL_TAG)
        write = ("EVALSHA", scripts.digest(_SCRIPT), len(declared), *declared)
        wait = ("WAIT", self._replicas, WITHIN_MS)
        *replies, written, confirmed = await self._commands.execute([*commands, write, wait])
        if isinstance(written, exceptions.NoScriptError):
            await self._commands.execute([("SCRIPT", "LOAD", scripts.source(_SCRIPT))])
        enough = isinstance(confirmed, int) and confirmed >= self._replicas
        if not (isinstance(written, int) and enough) and not _is_idle(replies):
            raise exceptions.ConnectionError("too few replicas have confirmed")
        return replies


def _is_idle(replies: list[Any]) -> bool:
    """Say whether a master of a cluster has run nothing: then there is nothing to wait for."""
    return all(isinstance(reply, Exception) and is_redirect(reply) for reply in replies)
