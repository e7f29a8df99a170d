"""Checks the passwords of accounts in a thread, because hashing takes long.

Attempts are limited by address and account. So an attacker at one address locks out nobody
elsewhere, and one with many addresses locks out no address that has known the account's password.
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
from node.core.model import Done, Unavailable
from node.core.names import confusables

log = logging.getLogger(__name__)

WAITING = 32
"""Most passwords that wait to be checked: at some 30 ms each, all are answered in time."""
WAITING_NEW = 24
"""Most of them from addresses that have not known the account's password."""
WAITING_EACH = 4
"""Most of them for one account from one address: as many devices as reconnect at once."""
TRIES = (0.5, 20.0)
"""Attempts on one account, per second and at once, by all addresses that have not known its
password: an attacker with many addresses slows down logins from new addresses, and no others."""
TRIES_NEW = (0.1, 10.0)
"""Of them, attempts of one address: so one address alone never uses up those of all."""
TRIES_KNOWN = (0.5, 20.0)
"""Attempts on one account by an address that has known its password. Successful ones count too,
because others wait while each is checked."""
ADDRESSES = 16
"""Addresses remembered for each account, those of the latest successful logins: its owner's home,
office, telephone and travels."""
FORGET_AFTER = 256
"""Number of limiters after which those that have refilled are dropped."""

Who = tuple[str, str]
"""The group of an address (see ``group``), and an account."""


class PasswordChecker:
    """Implements ``interfaces.Accounts`` with one thread: the memory of one hash, and one core."""

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
        """Replace the accounts: nick and hash by each key that a nick reserves."""
        before, self._hashes = self._hashes, dict(accounts.values())
        self._nicks = {name: nick for name, (nick, _) in accounts.items()}
        self._looks = {confusables.plain(name): nick for name, nick in self._nicks.items()}
        # An address that knew an old password may be the reason for the new one.
        same = {nick for nick, hashed in self._hashes.items() if before.get(nick) == hashed}
        self._known = {nick: groups for nick, groups in self._known.items() if nick in same}

    def account_of(self, claims: str) -> str | None:
        """Return the account that a nick belongs to, or else one that it looks like.

        ``claims`` are the keys that the nick reserves.
        """
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
        address: str,
        deadline: float,
        done: Done[bool],
    ) -> None:
        """Check the password of an account, and call ``done`` with the result."""
        who = group(address), account
        if not self._may_try(who):
            done(Unavailable.CROWDED)
            return
        loop = asyncio.get_running_loop()
        work = partial(self._verify, self._hashes.get(account, ""), password)
        future = loop.run_in_executor(self._thread, work)
        self._waiting[who] += 1
        # A check that has not begun when it is cancelled is never done.
        timer = loop.call_later(max(deadline - self._clock(), 0.0), future.cancel)
        future.add_done_callback(partial(self._answer, who, done, timer))

    def _may_try(self, who: Who) -> bool:
        """Return whether an attempt is within the limits, and count it if so."""
        now = self._clock()
        self._forget(now)
        from_new = sum([count for one, count in self._waiting.items() if not self._knows(one)])
        if self._waiting.total() >= WAITING or self._waiting[who] >= WAITING_EACH:
            return False
        if self._knows(who):
            return not self._tries_known.take(who, now)
        # A refused attempt leaves nothing in memory: there may be any number of addresses.
        if from_new >= WAITING_NEW or self._tries_new.wait(who, now):
            return False
        return not self._tries.take(who[1], now) and not self._tries_new.take(who, now)

    def _knows(self, who: Who) -> bool:
        place, account = who
        return place in self._known.get(account, ())

    def _forget(self, now: float) -> None:
        """Drop limiters that have refilled, once there are many."""
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
        done: Done[bool],
        timer: asyncio.TimerHandle,
        future: "asyncio.Future[bool]",
    ) -> None:
        timer.cancel()
        self._waiting[who] -= 1
        if not self._waiting[who]:
            del self._waiting[who]
        if future.cancelled():
            done(Unavailable.CROWDED)
        elif error := future.exception():
            # The text of the error may contain the password.
            log.error("a password could not be checked: %s", type(error).__name__)
            done(Unavailable.INTERNAL)
        else:
            if future.result():
                self._remember(who)
            done(future.result())

    def _remember(self, who: Who) -> None:
        """Remember that an address has known the password of an account."""
        place, account = who
        places = self._known.setdefault(account, {})
        places.pop(place, None)
        places[place] = None
        if len(places) > ADDRESSES:
            del places[next(iter(places))]
