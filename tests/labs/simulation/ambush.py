"""Death between two steps: a node dies just before, or just after, its n-th call of some scripts.

Or it hangs, and its calls are done as much later.
"""

from collections.abc import Callable, Sequence
from typing import Any

from node.brokers import scripts

STEPS = (
    *("hello", "join", "leave", "nick", "part", "reap", "restore", "standing", "named", "outs"),
    *("outdone", "raise", "verify", "adopt", "settle", "drop", "mayheal", "heal"),
)
"""The scripts that operations of several steps consist of."""


class Ambush:
    """Lies in wait for a node; ``strike`` ends it, or holds it for ``pause`` seconds.

    The calls in front of the last one are made. ``names`` are the scripts whose calls count;
    ``after``: the last one is made too.
    """

    def __init__(
        self,
        names: Sequence[str],
        count: int,
        after: bool,
        strike: Callable[[], None],
        pause: float = 0.0,
    ) -> None:
        self._digests = {scripts.digest(name) for name in names}
        self._left = count
        self._after = after
        self._strike = strike
        self._pause = pause

    def cut(self, commands: Sequence[Sequence[Any]]) -> tuple[Sequence[Sequence[Any]], float]:
        """Return the commands of a pipeline that still go out, and after how many seconds."""
        for place, command in enumerate(commands):
            if command[0] == "EVALSHA" and command[1] in self._digests:
                self._left -= 1
                if self._left == 0:
                    self._strike()
                    if self._pause:
                        return commands, self._pause
                    return commands[: place + self._after], 0.0
        return commands, 0.0
