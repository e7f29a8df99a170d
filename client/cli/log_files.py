"""Appends lines to files, one for each room or person, in a thread that may block."""

import errno
import os
import threading
from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path
from queue import Empty, Full, Queue

from platformdirs import user_state_path

_MOST_LINES = 10_000
"""Lines that may wait for the disk; further ones are lost, and that is reported."""
_END_WITHIN = 1.0
"""Seconds for the last lines to be written at the end."""
_LONGEST_NAME = 100
"""Bytes of a file's name, far below what file systems take."""


def log_folder() -> Path | None:
    """Return the folder of the logs; None for a user without a home directory."""
    try:
        path = user_state_path("distributed-chat") / "logs"
    except RuntimeError:  # the user has no name, as in many containers
        return None
    return path if path.is_absolute() else None


def file_name(name: str) -> str:
    """Return a file's name for a room or a person; a hostile node chooses some of them."""
    plain = "".join(each if each.isalnum() or each in "@_-." else "_" for each in name)
    plain = plain.lstrip(".") or "_"
    if plain == name and len(name.encode()) <= _LONGEST_NAME:
        return f"{plain}.log"
    digest = sha256(name.encode(errors="surrogatepass")).hexdigest()[:16]
    return f"{plain[:16]}-{digest}.log"


class LogFiles:
    """Writes lines to the files of a folder, readable by the user alone.

    ``failed`` is called in the thread, once, with the reason why lines are lost.
    """

    def __init__(self, folder: Path, failed: Callable[[str], None]) -> None:
        self._folder = folder
        self._failed = failed
        self._has_failed = False
        self._lines: Queue[tuple[str, str] | None] = Queue(_MOST_LINES)
        self._thread = threading.Thread(target=self._work, name="log", daemon=True)
        self._thread.start()

    def write(self, name: str, line: str) -> None:
        """Append a line to the file of a room or a person, soon."""
        try:
            self._lines.put_nowait((name, line))
        except Full:
            self._fail("the disk is too slow")

    def finish(self) -> None:
        """Wait for a bounded time until all is written."""
        try:
            self._lines.put(None, timeout=_END_WITHIN)
        except Full:
            return
        self._thread.join(_END_WITHIN)

    def _work(self) -> None:
        while (first := self._lines.get()) is not None:
            batch, goes_on = self._batch(first)
            for name, lines in batch.items():
                path = self._folder / file_name(name)
                try:
                    self._append(path, lines)
                except OSError as error:
                    why = error.strerror or str(error)
                    if error.errno == errno.ELOOP:  # by O_NOFOLLOW
                        why = "it is a symbolic link, and nothing is logged through one"
                    self._fail(f"{path}: {why}")
            if not goes_on:
                return

    def _batch(self, first: tuple[str, str]) -> tuple[dict[str, list[str]], bool]:
        """Return what waits, by the names of the files, and whether more may come."""
        batch = {first[0]: [first[1]]}
        while True:
            try:
                following = self._lines.get_nowait()
            except Empty:
                return batch, True
            if following is None:
                return batch, False
            batch.setdefault(following[0], []).append(following[1])

    def _append(self, path: Path, lines: Iterable[str]) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        fd = os.open(path, flags, 0o600)
        with open(fd, "wb") as file:
            os.fchmod(fd, 0o600)
            file.write("".join(f"{line}\n" for line in lines).encode(errors="backslashreplace"))

    def _fail(self, why: str) -> None:
        if not self._has_failed:
            self._has_failed = True
            self._failed(why)
