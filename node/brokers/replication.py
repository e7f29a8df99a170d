"""Waiting for replicas: a pipeline counts as done once enough of them have confirmed it."""

from typing import Any

from redis import exceptions

from node.brokers import scripts
from node.brokers.connection import CommandRunner

WITHIN_MS = 1000
"""Milliseconds for the replicas to confirm a pipeline."""
_SCRIPT = "waits"


class Replication:
    """Adds commands to a pipeline that wait for ``replicas`` replicas; none if that is 0."""

    def __init__(self, commands: CommandRunner, replicas: int) -> None:
        self._commands = commands
        self._replicas = replicas

    def commands(self) -> list[tuple[Any, ...]]:
        """Return the commands to be put behind those of a pipeline.

        WAIT promises only what its own connection has written (Redis 7.0 waits for more). A repeat
        writes nothing, because what it repeats was written on another connection. So a script
        writes something first.
        """
        if not self._replicas:
            return []
        wait = ("WAIT", self._replicas, WITHIN_MS)
        return [("EVALSHA", scripts.digest(_SCRIPT), 0), wait]

    async def confirmed(self, replies: list[Any]) -> list[Any]:
        """Return the replies of a pipeline without those to ``commands``.

        Raises redis.exceptions.ConnectionError if too few replicas have confirmed: the calls were
        done, but may be lost, so they are handled as if their replies had been lost.
        """
        if not self._replicas:
            return replies
        *replies, written, confirmed = replies
        if isinstance(written, exceptions.NoScriptError):
            await self._commands.execute([("SCRIPT", "LOAD", scripts.source(_SCRIPT))])
        enough = isinstance(confirmed, int) and confirmed >= self._replicas
        if not (isinstance(written, int) and enough):
            raise exceptions.ConnectionError("too few replicas have confirmed")
        return replies
