"""Keeps what the next start needs: the session in the state folder, the nick in the settings."""

import asyncio
import secrets
from collections.abc import Callable
from pathlib import Path

from client.api.chat import Chat
from client.cli.options import Options
from client.cli.session_store import MOST_UNSENT, Saved, SessionStore, Unsent
from client.cli.settings_file import SettingsError, remember_nick
from client.protocol.errors import ChatError, Ended, RequestRefused
from client.protocol.outbox import DOUBTFUL_AFTER
from client.transport.reconnect import Rename
from client.tui.buffers import PERSON, Buffers
from client.tui.notices import Notices
from client.tui.read_marks import ReadMarks
from client.tui.rows import Kind, Mark, Row
from client.tui.unsent import Unsent as UnsentRows
from wire import messages as m
from wire.errors import Code, Reason

SAVE_EVERY = 1.0
"""Seconds between two saves: what was read in them, a client that is killed may forget."""
TOO_OLD = "It was typed before the client ended, too long ago to send it by itself."


class Keeper:
    """The session of one client.

    ``store`` is None where nothing can be kept; ``nick_path`` is the settings file to save an
    accepted nick in, if the user was asked for it. ``now_ms`` is Unix time in milliseconds.
    """

    def __init__(
        self, store: SessionStore | None, nick_path: Path | None, now_ms: Callable[[], int]
    ) -> None:
        self._store = store
        self._nick_path = nick_path
        self._now_ms = now_ms
        self._earlier = store.load() if store else None
        self._key = self._earlier.key if self._earlier else secrets.token_hex(16)
        self._due = asyncio.Event()
        self._has_failed = self._ends_session = False
        self._chat: Chat
        self._marks: ReadMarks

    @property
    def is_restored(self) -> bool:
        """Whether the session is one of an earlier client."""
        return self._earlier is not None

    @property
    def keeps_unsent(self) -> bool:
        """Whether the next start gets the messages that are unsent at the end."""
        return self._store is not None and self._store.failure is None

    def connect(self, options: Options, nick: str, rename: Rename, buffers: Buffers) -> Chat:
        """Return the chat, which continues an earlier session if there is one."""
        earlier = self._earlier
        rooms = options.rooms
        if earlier is not None:
            rooms = tuple(dict.fromkeys((*rooms, *earlier.rooms)))
        positions = dict(earlier.positions) if earlier else {}
        self._marks = ReadMarks(buffers, positions)
        self._chat = options.connect(
            nick, rename=rename, key=self._key, rooms=rooms, positions=positions
        )
        return self._chat

    def restore(self, buffers: Buffers, rows: UnsentRows) -> None:
        """Post the messages that the earlier client did not deliver; needs a running loop."""
        if self._earlier is None:
            return
        is_old = self._now_ms() - self._earlier.at_ms > DOUBTFUL_AFTER * 1000
        for each in self._earlier.unsent:
            message = each.message
            to = message.room if isinstance(message, m.Send) else PERSON + message.to
            row = Row(
                Kind.ACTION if message.kind == "action" else Kind.MESSAGE,
                message.text,
                self._chat.nick,
                each.written_ms or self._earlier.at_ms,
                id=message.id,
                mark=Mark.PENDING,
                mine=True,
            )
            buffer = buffers.open(to)
            if is_old and each.written_ms is None:
                buffer.post(row)
                buffer.fail(row.id or "", TOO_OLD)
                continue
            try:
                self._chat.post_again(message, each.written_ms)
            except ChatError:  # the file was changed by hand
                continue
            rows.add(buffer, row)

    def before(self, event: object) -> None:
        """Note what was read before an event is shown."""
        self._marks.before(event)

    def after(self, event: object, notices: Notices) -> None:
        """Note an event that was shown, and save the nick that a node has accepted."""
        self._due.set()
        self._marks.after(event)
        if isinstance(event, m.Left) and event.room not in self._chat.rooms:
            self._marks.forget(event.room)
        if isinstance(event, m.Welcome) and self._nick_path is not None:
            path, self._nick_path = self._nick_path, None
            try:
                remember_nick(path, event.nick)
            except SettingsError as error:
                notices.error(f"Your nick could not be saved. {error}")

    def touch(self) -> None:
        """Note that something may have been read or typed."""
        self._due.set()

    def save(self, notices: Notices) -> None:
        """Save the session, if anything has changed; say once if that is not possible."""
        if not self._due.is_set():
            return
        self._due.clear()
        if self._store is None:
            return
        self._store.save(self._now())
        if self._store.failure is not None and not self._has_failed:
            self._has_failed = True
            why = self._store.failure.strerror
            notices.error(f"This session cannot be kept for the next start: {why}.")

    async def run(self, notices: Notices) -> None:
        """Save what has changed, at most every second, until cancelled."""
        while True:
            await self._due.wait()
            await asyncio.sleep(SAVE_EVERY)
            self.save(notices)

    def closing(self) -> None:
        """Note that the chat is about to be closed; that ends the session if it is connected."""
        self._ends_session = self._chat.is_connected

    def end(self) -> None:
        """Forget a session that has ended; save one that has not, or has unsent messages."""
        if self._store is None:
            return
        has_unsent = bool(self._chat.unacknowledged())
        if _is_unusable(self._chat.failure) or (self._ends_session and not has_unsent):
            self._store.forget()
        elif has_unsent or self._chat.node is not None:
            self._store.save(self._now())
        self._store.close()

    def _now(self) -> Saved:
        earlier = self._earlier if self._chat.node is None else None
        rooms = tuple(self._chat.rooms) if earlier is None else earlier.rooms
        unsent = self._chat.unacknowledged()
        return Saved(
            key=self._key,
            at_ms=self._now_ms(),
            rooms=rooms,
            positions={
                room: at
                for room, at in self._marks.positions().items()
                if room in rooms or room == m.INBOX
            },
            unsent=tuple(Unsent(message, written) for message, written in unsent[:MOST_UNSENT]),
        )


def _is_unusable(failure: Exception | None) -> bool:
    """Return whether a node will not take the key or the positions again."""
    if isinstance(failure, Ended):
        return failure.reason == Reason.KICKED
    return isinstance(failure, RequestRefused) and failure.code == Code.BAD_REQUEST
