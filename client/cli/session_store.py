"""The state folder: what the next start needs to continue a session whose client was killed.

Each server and nick has a file of its own, which only its owner may read: it holds the session's
key. A lock keeps two clients from continuing the same session.
"""

import fcntl
import hashlib
import os
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct, field
from platformdirs import user_state_path

from client.protocol.names import fold
from client.transport.addresses import parse_addresses
from wire import limits
from wire.messages import Send, SendDirect

MOST_UNSENT = 1000
"""Unsent messages that are kept: more than anybody types while a node is away."""
_MOST_BYTES = 16 * 1024 * 1024
"""Bytes that are read from a file: more than that many messages, and their JSON, need."""
_END_WITHIN = 1.0
"""Seconds for the last write when the client ends."""


class Unsent(Struct, frozen=True):
    """A message without an ``ack``; ``written_ms`` is when it was first sent, if it was.

    Times are Unix milliseconds.
    """

    message: Send | SendDirect
    written_ms: int | None = None


class Saved(Struct, frozen=True):
    """A session: its secret, its rooms, how far each was read (``@``: the inbox), what is unsent.

    ``at_ms`` is when this was saved, in Unix milliseconds.
    """

    key: str
    at_ms: int
    rooms: tuple[str, ...] = ()
    positions: dict[str, str] = field(default_factory=dict)
    unsent: tuple[Unsent, ...] = ()


def default_folder() -> Path | None:
    """Return the folder for the state; None for a user without a home directory."""
    try:
        path = user_state_path("distributed-chat")
    except RuntimeError:  # the user has no name, as in many containers
        return None
    return path if path.is_absolute() else None


def open_store(folder: Path | None, addresses: Iterable[str], nick: str) -> "SessionStore | None":
    """Return the locked store for a server and a nick.

    None if another client has it, or if there is no place where it could be: then nothing is kept.
    """
    if folder is None:
        return None
    servers = " ".join(sorted(map(str, parse_addresses(addresses))))
    name = hashlib.sha256(f"{servers}\n{fold(nick)}".encode(errors="replace")).hexdigest()[:32]
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_mode & 0o077:
            folder.chmod(0o700)
        lock = _locked(folder / f"{name}.lock")
    except OSError:  # also if another client runs
        return None
    return SessionStore(folder / f"{name}.json", lock)


def _locked(path: Path) -> int:
    """Return a file that is locked; the system unlocks it when the process ends, however it ends.

    Raises OSError, also if another client has it.
    """
    while True:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(lock), os.lstat(path)):
                    return lock
        except OSError:
            os.close(lock)
            raise
        os.close(lock)  # the client that had it has removed it meanwhile


class SessionStore:
    """The file of one session. A thread writes to it, because a disk may take its time.

    ``failure`` is why the last write failed, if it did.
    """

    def __init__(self, path: Path, lock: int) -> None:
        self.failure: OSError | None = None
        self._path = path
        self._lock = lock
        self._next: Saved | None = None
        self._is_idle = True
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def load(self) -> Saved | None:
        """Return what was saved; None if there is nothing, or nothing that can be used."""
        try:
            with self._path.open("rb") as file:
                saved = msgspec.json.decode(file.read(_MOST_BYTES), type=Saved)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        return saved if limits.KEY_MIN <= len(saved.key) <= limits.KEY_MAX else None

    def save(self, saved: Saved) -> None:
        """Write this soon, and no older one any more; never waits."""
        with self._changed:
            self._next, self._is_idle = saved, False
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="state", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def forget(self) -> None:
        """Remove what was saved: the session is over."""
        with self._changed:
            self._next = None
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._is_idle, _END_WITHIN)
        with suppress(OSError):
            self._path.unlink()

    def close(self) -> None:
        """Wait for a bounded time until all is written, and let another client have it.

        The lock is removed while it is held, so that it is never that of another client.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._is_idle, _END_WITHIN)
        if self._lock >= 0:
            with suppress(OSError):
                self._path.with_suffix(".lock").unlink()
            os.close(self._lock)
            self._lock = -1

    def _work(self) -> None:
        while True:
            with self._changed:
                while (saved := self._next) is None:
                    self._is_idle = True
                    self._changed.notify_all()
                    self._changed.wait()
                self._next = None
            try:
                self._write(msgspec.json.encode(saved))
                self.failure = None
            except OSError as error:
                self.failure = error

    def _write(self, data: bytes) -> None:
        """Write the file atomically. Raises OSError.

        There is no fsync: the system has the data when the process is killed, and a new session
        after a power failure costs less than a disk that has to work at every message.
        """
        part = self._path.with_suffix(".new")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        with open(os.open(part, flags, 0o600), "wb") as file:
            file.write(data)
        part.replace(self._path)
