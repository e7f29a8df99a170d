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
_KEY = 3
"""Where the first key stands in a call: EVALSHA, digest, number of keys, keys."""


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
        waits = self._waits(self._tag() or keys.CONTROL_TAG)
        *replies, written, confirmed = await self._commands.execute([*commands, *waits])
        ran = [command for command, reply in zip(commands, replies, strict=True) if _ran(reply)]
        if not ran:
            # A master of a cluster has done nothing: there is nothing to wait for.
            return replies
        if not _ran(written):
            # The slot of the tag is elsewhere, or being moved; that of a call which ran is here.
            waits = self._waits(keys.tag_of(ran[0][_KEY]))
            written, confirmed = await self._commands.execute(waits)
        if isinstance(written, exceptions.NoScriptError):
            await self._commands.execute([("SCRIPT", "LOAD", scripts.source(_SCRIPT))])
        enough = isinstance(confirmed, int) and confirmed >= self._replicas
        if not (isinstance(written, int) and enough):
            raise exceptions.ConnectionError("too few replicas have confirmed")
        return replies

    def _waits(self, tag: str) -> list[tuple[Any, ...]]:
        declared = keys.waits(tag)
        return [
            ("EVALSHA", scripts.digest(_SCRIPT), len(declared), *declared),
            ("WAIT", self._replicas, WITHIN_MS),
        ]


def _ran(reply: Any) -> bool:
    """Say whether a call was run; a master of a cluster may not have its slot."""
    return not (isinstance(reply, Exception) and is_redirect(reply))
