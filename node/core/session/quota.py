"""What one connection may still ask for: requests, new rooms, guesses of a password."""

from typing import NamedTuple

from node.core.config import Config, Limit
from node.core.limits.admission import AddressUsage
from node.core.limits.token_bucket import TokenBucket
from wire import limits

PAGE = limits.HISTORY_DEFAULT
"""Messages in a page that counts as one request; a longer one counts for as many as it holds."""
NAMES = 250
"""Names in a page of a list that counts as one request: they take Redis and us a fifth of that."""
PASSWORDS = 5
"""Wrong passwords of a connection after which no other one is checked."""


class LimitReached(NamedTuple):
    """A limit that is used up, and the seconds until it is not."""

    limit: Limit
    retry_after: float


class Quota:
    """Counts what a connection asks for, on itself and, with all others, on its address.

    ``bucket`` is the connection's own. ``usage`` is what its address has used up, and
    ``address_bucket`` the requests among that; both are None where no limit by address applies.
    ``rooms_made`` counts those that are reserved, too.
    A client that reconnects begins at zero; an address gets its rooms back in the course of a day.
    """

    __slots__ = (
        "bucket",
        "usage",
        "address_bucket",
        "_most_rooms",
        "rooms_made",
        "_wrong_passwords",
    )

    def __init__(self, config: Config) -> None:
        self.bucket = TokenBucket(*config.rate)
        self.usage: AddressUsage | None = None
        self.address_bucket: TokenBucket | None = None
        self._most_rooms = config.rooms_made
        self.rooms_made = 0
        self._wrong_passwords = 0

    def share(self, usage: AddressUsage | None) -> None:
        """Share what the client's address may do with the other clients of that address."""
        self.usage = usage
        self.address_bucket = usage.requests if usage is not None else None

    # Requests

    def admit(self, now: float) -> LimitReached | None:
        """Take one request; return the limit that is in its way, if there is one."""
        if wait := self.bucket.take(now):
            return LimitReached(Limit.RATE, wait)
        if self.address_bucket is not None and (wait := self.address_bucket.take(now)):
            self.bucket.give_back()
            return LimitReached(Limit.ADDRESS_RATE, wait)
        return None

    def give_back(self) -> None:
        """Undo ``admit``: what is refused costs nothing."""
        self.bucket.give_back()
        if self.address_bucket is not None:
            self.address_bucket.give_back()

    def charge(self, requests: int, now: float) -> None:
        """Count some more requests, whether they are allowed or not."""
        self.bucket.charge(requests, now)
        if self.address_bucket is not None:
            self.address_bucket.charge(requests, now)

    def charge_page(self, entries: int, now: float, page: int = PAGE) -> None:
        """Count a page of more than ``page`` entries as several requests."""
        if (more := (entries - 1) // page) > 0:
            self.charge(more, now)

    # New rooms

    def reserve_rooms(self, wanted: int, now: float) -> int:
        """Take up to ``wanted`` of the rooms that may still be made; return how many."""
        if not self._most_rooms:
            return wanted
        rooms = self.usage.rooms if self.usage is not None else None
        count = min(wanted, self._most_rooms - self.rooms_made)
        if rooms is not None:
            count = min(count, rooms.spare(now))
            rooms.charge(count, now)
        self.rooms_made += count
        return count

    def return_rooms(self, count: int) -> None:
        """Give back rooms that were reserved and not made."""
        if not self._most_rooms or not count:
            return
        self.rooms_made -= count
        if self.usage is not None and self.usage.rooms is not None:
            self.usage.rooms.give_back(count)

    # Passwords

    @property
    def may_guess(self) -> bool:
        """Whether another password is checked."""
        return self._wrong_passwords < PASSWORDS

    def wrong_password(self) -> None:
        """Count a wrong password."""
        self._wrong_passwords += 1
