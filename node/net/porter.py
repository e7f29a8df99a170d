"""Asks for the passwords of accounts: the hashing waits, so it is done beside the loop."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from node.core.limiter import Limiter
from node.core.ports import Refused

log = logging.getLogger(__name__)

WAITING = 32
"""Passwords that wait to be looked at: some 30 ms each, and all are answered in time."""
TRIES = (0.5, 10.0)
"""Tries for one account, a second and at once: who guesses slows down who tries that nick, and
nobody else; its owner goes on by the session's key meanwhile."""


class Porter:
    """Implements ``node.core.ports.Accounts``. One thread: so one hash's memory, and one core."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._hasher = PasswordHasher()
        self._thread = ThreadPoolExecutor(1, "passwords")
        self._nicks: dict[str, str] = {}
        self._hashes: dict[str, str] = {}
        self._tries: dict[str, Limiter] = {}
        self._waiting = 0

    def know(self, accounts: Mapping[str, tuple[str, str]]) -> None:
        """Take the accounts that there are now: nick and hash by each name that a nick takes up."""
        self._nicks = {name: nick for name, (nick, _) in accounts.items()}
        self._hashes = dict(accounts.values())
        self._tries = {nick: one for nick, one in self._tries.items() if nick in self._hashes}

    def account_of(self, claims: str) -> str | None:
        """Return the nick of the account that a nick, by all that it takes up, belongs to."""
        for name in claims.split(" "):
            if (found := self._nicks.get(name)) is not None:
                return found
        return None

    def prove(
        self, account: str, password: str, deadline: float, done: Callable[[bool | Refused], None]
    ) -> None:
        """Say whether a password is that of an account."""
        tries = self._tries.setdefault(account, Limiter(*TRIES))
        if self._waiting >= WAITING or tries.take(self._clock()):
            done(Refused.CROWDED)
            return
        loop = asyncio.get_running_loop()
        work = partial(self._verify, self._hashes.get(account, ""), password)
        future = loop.run_in_executor(self._thread, work)
        self._waiting += 1
        # Cancelled, what has not begun is not done any more.
        timer = loop.call_later(max(deadline - self._clock(), 0.0), future.cancel)
        future.add_done_callback(partial(self._answer, done, timer))

    def _verify(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (Argon2Error, InvalidHashError):
            return False

    def _answer(
        self,
        done: Callable[[bool | Refused], None],
        timer: asyncio.TimerHandle,
        future: "asyncio.Future[bool]",
    ) -> None:
        timer.cancel()
        self._waiting -= 1
        if future.cancelled():
            done(Refused.CROWDED)
        elif error := future.exception():
            # Its text may hold what was looked at.
            log.error("a password could not be looked at: %s", type(error).__name__)
            done(Refused.INTERNAL)
        else:
            done(future.result())
