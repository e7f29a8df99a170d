"""Why Redis does not serve this node: in words, and each reason once in the log."""

import logging
import os
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field

from redis import exceptions

from node.brokers.failures import WRONG_KIND

log = logging.getLogger(__name__)

TELL_EVERY = 60.0
"""Seconds within which the same reason is not logged again: reasons may take turns."""
KINDS_MOST = 20
"""Most reasons that are logged in one outage: the text of an error may be different each time."""
SHOWN = 200
"""Characters of an error's own text that are shown."""

MEANING = {
    "WRONGPASS": "the user or the password in --redis-url is wrong, or the user is disabled",
    "NOAUTH": "it wants a password; add one to --redis-url",
    "NOPERM": "its user lacks a right that a node needs",
    "MISCONF": "it cannot write to its disk, and takes no changes",
    "LOADING": "it is loading its data",
    "READONLY": "it is a replica, and takes no changes",
    "MASTERDOWN": "it is a replica without its master",
    "NOREPLICAS": "it has fewer replicas than its min-replicas-to-write, and takes no changes",
    "MOVED": "it is a server of a Redis Cluster: use redis+cluster:// in its URL, or with TLS"
    " rediss+cluster://",
    "CLUSTERDOWN": "no server of the Redis Cluster keeps what this is about",
    "BUSY": "it is running somebody's script, and takes nothing else",
}
"""What the codes mean with which Redis refuses everything, or all changes."""
NO_CLUSTER = "it is in no Redis Cluster: use redis:// in its URL, or with TLS rediss://"
"""The meaning of an error with WRONG_KIND."""
RIGHTS = ("WRONGPASS", "NOAUTH", "NOPERM")
"""Codes that concern the user, and not what was asked."""
NEEDED = "7.0"
"""The oldest version of Redis that has all that nodes and scripts call: SSUBSCRIBE and SPUBLISH."""
OLD = "OLD"
"""In place of a code: Redis does not know a command."""
_UNKNOWN = re.compile(r"\bunknown (?:\w+ )?command(?: [`'](\w+))?", re.IGNORECASE)

_CLASSES: tuple[tuple[type[Exception], str], ...] = (
    (exceptions.NoPermissionError, "NOPERM"),
    (exceptions.BusyLoadingError, "LOADING"),
    (exceptions.ReadOnlyError, "READONLY"),
    (exceptions.MasterDownError, "MASTERDOWN"),
    (exceptions.MovedError, "MOVED"),
    (exceptions.ClusterDownError, "CLUSTERDOWN"),
)


def code(error: Exception) -> str:
    """Return the code of an error that Redis replied, or OLD; "" for other errors.

    redis-py removes the codes that it knows from its own errors.
    """
    text = str(error)
    if isinstance(error, exceptions.ResponseError) and _UNKNOWN.search(text):
        return OLD
    if found := re.match(r"([A-Z]{3,}) ", text):
        return found[1]
    if isinstance(error, exceptions.AuthenticationError):
        return "NOAUTH" if "required" in text else "WRONGPASS"
    return next((code for kind, code in _CLASSES if isinstance(error, kind)), "")


def explained(error: Exception, has_worked: bool = False) -> str:
    """Return an error in words, in one line, with the code that Redis has for it.

    ``has_worked``: the URL is right.
    """
    text = " ".join((str(error) or type(error).__name__).split())[:SHOWN]
    meaning = MEANING.get(found := code(error))
    if found == OLD:
        # No more of its text, which has the arguments, too: those may be secret.
        name = (unknown := _UNKNOWN.search(text)) and unknown[1] or "a command"
        return f"a node needs Redis {NEEDED} or later, and this one does not know {name}"
    if isinstance(error, exceptions.TimeoutError) and "connecting" in text:
        hint = "" if has_worked else " (see --redis-url: rediss:// is with TLS, redis:// not)"
        return f"it does not answer in time{hint}"
    if why := untrusted(error):
        return f"it cannot be reached over TLS: {why} (see --redis-url)"
    if WRONG_KIND in text:
        return NO_CLUSTER
    if unreachable := re.match(r"Error (-?[0-9]+) connecting to (\S+)\. (.*)", text):
        number, where, words = unreachable.groups()
        # Those above 0 are of the system, the others of name look-ups, which have words already.
        reason = os.strerror(int(number)) if int(number) > 0 else words.rstrip(".")
        return f"{where} cannot be reached: {reason} (see --redis-url)"
    if meaning is None:
        return text
    # This text says which right it is.
    return f"{found}: {meaning}{f' ({text})' if found == 'NOPERM' else ''}"


def untrusted(error: Exception | None) -> str:
    """Return why there is no connection over TLS, "" if the error has another reason."""
    # redis-py does not chain the error that it replaces, and tells its number as one of the system.
    cause = error and error.__context__
    if not isinstance(cause, ssl.SSLError):
        return ""
    reason = (cause.reason or str(cause)).replace("_", " ").lower()
    return getattr(cause, "verify_message", "").rstrip(".") or reason


@dataclass(slots=True)
class Told:
    """What the log has of an outage; those that fail together share it.

    ``at`` has the times at which reasons were logged; ``worked``: one of them has worked before.
    """

    at: dict[str, float] = field(default_factory=dict)
    worked: bool = False


class Reasons:
    """Why one thing that Redis does for a node fails; ``what`` begins the lines of the log.

    ``at_first`` begins them in the place of ``what`` until it has worked once.
    """

    def __init__(
        self,
        what: str,
        clock: Callable[[], float],
        told: Told | None = None,
        at_first: str | None = None,
    ) -> None:
        self.reason: str | None = None
        """The last reason; None while it does not fail."""
        self._what = what
        self._at_first = at_first or what
        self._clock = clock
        self._kind = ""
        self._told = Told() if told is None else told

    def failed(self, error: Exception) -> None:
        """Note why it fails; log it if it is another reason than before."""
        is_first, before = self.reason is None, self._kind
        self.reason = explained(error, self._told.worked)
        self._kind = code(error) or self.reason
        what = self._what if self._told.worked else self._at_first
        if self._kind == OLD:
            if (is_first or self._kind != before) and self._is_news():
                log.error("Redis cannot serve this node: %s", self.reason)
        elif is_first:
            self._told.at[self._kind] = self._clock()
            log.warning("%s: %s", what, self.reason)
        elif self._kind != before and self._is_news():
            log.warning("%s, now for another reason: %s", what, self.reason)

    def over(self) -> None:
        """Note that it does not fail any more."""
        self.reason = None
        # A script may be done without the command that Redis does not know.
        for kind in self._told.at.keys() - {OLD}:
            del self._told.at[kind]
        self._told.worked = True

    def _is_news(self) -> bool:
        """Return whether this reason was not logged lately; note that it is."""
        now, told_at = self._clock(), self._told.at.get(self._kind)
        is_new = told_at is None and len(self._told.at) < KINDS_MOST
        if is_new or (told_at is not None and now - told_at >= TELL_EVERY):
            self._told.at[self._kind] = now
            return True
        return False


class Outage:
    """Why Redis does not serve a node: its calls fail, are denied, or its messages do not come.

    ``server`` is its name, if there are several. ``denied`` is the script that its user may not
    run, or that Redis is too old for, as far as is known.
    """

    def __init__(self, clock: Callable[[], float], server: str = "") -> None:
        told = Told()
        self._redis = redis = f"Redis {server}".rstrip()
        lost, at_first = f"lost the connection to {redis}", f"cannot connect to {redis}"
        of_messages = " for subscriptions"
        self.messages = Reasons(lost + of_messages, clock, told, at_first + of_messages)
        self.denied = ""
        self._calls = Reasons(lost, clock, told, at_first)
        self._rights = Reasons(f"{redis} refuses what this node asks of it", clock, told)

    @property
    def reason(self) -> str | None:
        """Why Redis does not serve; None if it does, as far as is known."""
        return self._calls.reason or self._rights.reason or self.messages.reason

    def lost(self, error: Exception) -> None:
        """Note that the connection for calls failed, or that all calls are refused for now."""
        self._calls.failed(error)

    def over(self) -> None:
        """Note that calls are answered again."""
        self._calls.over()
        log.info("%s answers again", self._redis)

    def replaced(self) -> None:
        """Note that other servers have taken the place of this one."""
        if self._calls.reason is not None:
            log.info("other servers have taken over from %s", self._redis)

    def deny(self, script: str, error: Exception) -> None:
        """Note that a script is refused, for want of a right or of a newer Redis."""
        self.denied = script
        self._rights.failed(error)

    def allowed(self) -> None:
        """Note that the script that was denied is done now."""
        self.denied = ""
        self._rights.over()
