"""Asks for the passwords of accounts: the hashing waits, so it is done beside the loop.

A guess counts for its address and account first. So who guesses keeps out nobody elsewhere, and
who guesses from many addresses not those from where the account's password has come before.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from node.core.limits.admission import TokenBuckets, group
from node.core.model import Refused
from node.core.names import confusables

log = logging.getLogger(__name__)

WAITING = 32
"""Passwords that wait to be looked at: some 30 ms each, and all are answered in time."""
STRANGERS = 24
"""Of them, those from addresses that have not known the account's password."""
WAITING_EACH = 4
"""Of them, those for one account from one address: as many devices as come back at once."""
TRIES = (0.5, 20.0)
"""Tries for one account, a second and at once, by all addresses that have not known its password:
who guesses from many slows down who comes from a new one, and nobody else."""
TRIES_NEW = (0.1, 10.0)
"""Of them, those of one address: so one alone never uses up what all may try."""
TRIES_KNOWN = (0.5, 20.0)
"""Tries for one account of an address that has known its password; right ones count too, because
each takes time that others wait for."""
ADDRESSES = 16
"""Addresses remembered for each account, those where its password came from last: its owner's home,
office, telephone and what they travel by."""
FORGET_AFTER = 256
"""Limits after which it is looked which of them do not matter any more."""

Who = tuple[str, str]
"""The group of an address, and an account."""


class PasswordChecker:
    """Implements ``interfaces.Accounts``. One thread: so one hash's memory, and one core."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._hasher = PasswordHasher()
        self._thread = ThreadPoolExecutor(1, "passwords")
        self._nicks: dict[str, str] = {}
        self._looks: dict[str, str] = {}
        self._hashes: dict[str, str] = {}
        self._known: dict[str, dict[str, None]] = {}
        self._tries: TokenBuckets[str] = TokenBuckets(TRIES)
        self._tries_new: TokenBuckets[Who] = TokenBuckets(TRIES_NEW)
        self._tries_known: TokenBuckets[Who] = TokenBuckets(TRIES_KNOWN)
        self._waiting: Counter[Who] = Counter()
        self._forget_at = FORGET_AFTER

    def know(self, accounts: Mapping[str, tuple[str, str]]) -> None:
        """Take the accounts that there are now: nick and hash by each name that a nick takes up."""
        before, self._hashes = self._hashes, dict(accounts.values())
        self._nicks = {name: nick for name, (nick, _) in accounts.items()}
        self._looks = {confusables.plain(name): nick for name, nick in self._nicks.items()}
        # Who has known an old password may be why there is a new one.
        same = {nick for nick, hashed in self._hashes.items() if before.get(nick) == hashed}
        self._known = {nick: groups for nick, groups in self._known.items() if nick in same}

    def account_of(self, claims: str) -> str | None:
        """Return the nick of the account that a nick, by all that it takes up, belongs to, or
        else of one that it looks like."""
        taken = claims.split(" ")
        for name in taken:
            if (found := self._nicks.get(name)) is not None:
                return found
        for name in taken:
            if (found := self._looks.get(confusables.plain(name))) is not None:
                return found
        return None

    def prove(
        self,
        account: str,
        password: str,
        deadline: float,
        done: Callable[[bool | Refused], None],
        address: str,
    ) -> None:
        """Say whether a password is that of an account."""
        who = group(address), account
        if not self._may_try(who):
            done(Refused.CROWDED)
            return
        loop = asyncio.get_running_loop()
        work = partial(self._verify, self._hashes.get(account, ""), password)
        future = loop.run_in_executor(self._thread, work)
        self._waiting[who] += 1
        # Cancelled, what has not begun is not done any more.
        timer = loop.call_later(max(deadline - self._clock(), 0.0), future.cancel)
        future.add_done_callback(partial(self._answer, who, done, timer))

    def _may_try(self, who: Who) -> bool:
        """Count a try, unless there have been too many."""
        now = self._clock()
        self._forget(now)
        strangers = sum([count for one, count in self._waiting.items() if not self._knows(one)])
        if self._waiting.total() >= WAITING or self._waiting[who] >= WAITING_EACH:
            return False
        if self._knows(who):
            return not self._tries_known.take(who, now)
        # What is refused leaves nothing behind: there may be any number of addresses.
        if strangers >= STRANGERS or self._tries_new.wait(who, now):
            return False
        return not self._tries.take(who[1], now) and not self._tries_new.take(who, now)

    def _knows(self, who: Who) -> bool:
        place, account = who
        return place in self._known.get(account, ())

    def _forget(self, now: float) -> None:
        """Forget the limits that are as good as new, once there are many."""
        if len(self._tries_new) + len(self._tries_known) < self._forget_at:
            return
        for buckets in (self._tries_new, self._tries_known):
            buckets.forget(now)
        self._tries.forget(now)
        self._forget_at = 2 * (len(self._tries_new) + len(self._tries_known)) + FORGET_AFTER

    def _verify(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (Argon2Error, InvalidHashError):
            return False

    def _answer(
        self,
        who: Who,
        done: Callable[[bool | Refused], None],
        timer: asyncio.TimerHandle,
        future: "asyncio.Future[bool]",
    ) -> None:
        timer.cancel()
        self._waiting[who] -= 1
        if not self._waiting[who]:
            del self._waiting[who]
        if future.cancelled():
            done(Refused.CROWDED)
        elif error := future.exception():
            # Its text may hold what was looked at.
            log.error("a password could not be looked at: %s", type(error).__name__)
            done(Refused.INTERNAL)
        else:
            if future.result():
                self._remember(who)
            done(future.result())

    def _remember(self, who: Who) -> None:
        """The password of an account has come from there."""
        place, account = who
        places = self._known.setdefault(account, {})
        places.pop(place, None)
        places[place] = None
        if len(places) > ADDRESSES:
            del places[next(iter(places))]
