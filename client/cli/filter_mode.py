"""The client without a screen: sends lines of standard input, or prints messages."""

import asyncio
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable
from contextlib import suppress
from typing import cast

from client.api.chat import Chat
from client.cli.line_format import LineFormat, render
from client.cli.line_sender import LineSender
from client.cli.options import Options
from client.cli.past_first import PastFirst
from client.cli.present_in import PresentIn, RoomLost
from client.protocol.errors import ChatError, NickRefused, RequestRefused, Unreachable
from client.protocol.events import Disconnected, Received
from client.text.nicks import with_suffix
from client.text.sanitize import safe_json, safe_line
from wire import messages as m
from wire.errors import Code

FIRST_PATIENCE = 10.0
"""Seconds for the first connection of a filter that sends; listening never gives up."""
PATIENCE = 60.0
"""Seconds without any node later: longer than nodes need to restart one after the other."""

Write = Callable[[bytes], Awaitable[None]]
Report = Callable[[str], None]
_PASSWORD = "The password is taken from CHAT_PASSWORD, or from password_command in the settings."
_BAD_NAMES = (Code.BAD_NICK, Code.BAD_ROOM)
_KEEP_ALIVE = (m.PingEvent, m.PongEvent)


def open_chat(options: Options, login: str, random: Callable[[], float]) -> Chat:
    """Return the chat for the filter.

    If the nick is taken, often by the same person at a terminal, it gets a suffix, because nobody
    can be asked; unless the command line named it.
    """
    nick = options.nick or login

    async def rename(refused: NickRefused) -> str:
        if refused.code != Code.NICK_TAKEN:  # a suffix would not help
            raise refused
        if refused.account and options.password is not None:  # the user wants this very nick
            raise refused
        return with_suffix(nick, random)

    may_rename = None if options.insists else rename
    return options.connect(nick, rename=may_rename, patience=_patience(options))


def _patience(options: Options) -> float | None:
    if options.timeout is not None:
        return options.timeout
    return None if options.listen else PATIENCE


async def _ready(chat: Chat, reading: asyncio.Future[None], patience: float | None) -> None:
    """Wait until the chat is ready, for a bounded time. Raises Unreachable."""
    try:
        async with asyncio.timeout(patience):
            await _first(asyncio.ensure_future(chat.ready()), reading)
    except TimeoutError:
        raise Unreachable(late(patience or 0, chat.is_greeting)) from None


def late(patience: float, is_greeting: bool) -> str:
    """Return why the filter gives up; ``is_greeting``: a node is connected, but does not answer."""
    if is_greeting:
        return (
            f"The node has not answered the login within {patience:g} s: perhaps it cannot store"
            " messages."
        )
    return f"No node has answered within {patience:g} s."


async def listen(chat: Chat, options: Options, write: Write, report: Report) -> int:
    """Print messages until cancelled; return the exit status if the chat ends before."""
    told = (m.Gap, m.Error, m.Announcement)
    past = PastFirst() if options.last else None
    printer = _printer(options, write, past)
    present = PresentIn(chat)
    reading = asyncio.create_task(_read(chat, options, present, printer, report, *told))
    try:
        chat.start()
        await _ready(chat, reading, options.timeout)
        if past is not None:
            _ask_past(chat, past, options.last)
        await reading
    except BrokenPipeError:
        return 0
    except (ChatError, OSError) as error:
        report(_why(error, options))
        return _status(error)
    finally:
        await _stop(reading)
        await chat.close()
    return 0


def _ask_past(chat: Chat, past: PastFirst, count: int) -> None:
    for room in chat.rooms:
        request = m.GetHistory(room=room, limit=count)
        chat.ask(request)
        past.asked(room, request.ref or "")


async def send(
    chat: Chat,
    options: Options,
    lines: AsyncIterable[bytes | None],
    write: Write,
    report: Report,
) -> int:
    """Send each line to the first room; return 0 if all are acknowledged, else 1."""
    printer = _quietly(_printer(options, write)) if options.json else _print_nothing
    present = PresentIn(chat, options.room)
    reading = asyncio.create_task(_read(chat, options, present, printer, report, m.Error))
    sender = LineSender(chat, options.room, report)
    try:
        chat.start()
        first = FIRST_PATIENCE if options.timeout is None else options.timeout
        await _ready(chat, reading, first)
        await _first(asyncio.ensure_future(sender.send_all(lines)), reading)
        await chat.close()
        with suppress(RoomLost):  # all lines are settled
            await reading
    except asyncio.CancelledError:
        sender.end("Interrupted.")
        raise
    except (ChatError, OSError) as error:
        sender.end(_why(error, options))
        return _status(error)
    finally:
        await chat.close()
        await _stop(reading)
    return 1 if sender.has_failed else 0


def _status(error: ChatError | OSError) -> int:
    """Return the exit status for what ended the chat: 2 for a name that no node would take."""
    return 2 if isinstance(error, RequestRefused) and error.code in _BAD_NAMES else 1


def _why(error: ChatError | OSError, options: Options) -> str:
    if isinstance(error, RequestRefused) and error.code == Code.BAD_TOKEN:
        what = "require a token" if options.token is None else "do not accept this token"
        return f"The nodes {what}; --token, CHAT_TOKEN or the settings file names it."
    if isinstance(error, NickRefused) and error.account and options.password is None:
        return f"{safe_line(str(error))} {_PASSWORD}"
    if isinstance(error, RequestRefused) and (place := options.place(error.code)):
        return f"{safe_line(str(error))} {place}"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'the system'}: {error.strerror}"
    return safe_line(str(error))


async def _read(
    chat: Chat,
    options: Options,
    present: PresentIn,
    printer: Callable[[Received], Awaitable[None]],
    warn: Report,
    *also: type[m.Event],
) -> None:
    """Print events; ``warn`` of the connection, and of events of the types ``also``.

    Raises RoomLost.
    """
    away = False
    async for received in chat.received():
        event = received.event
        is_answer = getattr(event, "id", None) is not None  # reported with the number of its line
        lost = present.lost(received)
        if lost is not None:
            if present.is_anywhere:
                warn(lost)
        elif isinstance(event, (Disconnected, *also)) and not (is_answer or received.is_end):
            warn((render(cast(m.AnyEvent | Disconnected, event), LineFormat()) or "")[2:])
            if isinstance(event, Disconnected) and (hint := options.hint(event)):
                warn(hint)
        elif isinstance(event, m.Welcome) and away:
            warn(f"Connected to {safe_line(event.node)}.")
        away = isinstance(event, Disconnected) or (away and not isinstance(event, m.Welcome))
        await printer(received)
        if lost is not None and not present.is_anywhere:
            raise RoomLost(lost)


def _printer(
    options: Options, write: Write, past: PastFirst | None = None
) -> Callable[[Received], Awaitable[None]]:
    form = LineFormat()

    async def print_line(received: Received) -> None:
        if received.line and not isinstance(received.event, _KEEP_ALIVE):
            line = received.line
            if options.is_shown:
                line = safe_json(line.decode(errors="backslashreplace")).encode()
            await write(line + b"\n")

    async def print_text(received: Received) -> None:
        event = received.event
        shown: Iterable[m.Message | m.Past | m.Direct] = ()
        if past is not None:
            shown = past.take(event)
        elif isinstance(event, (m.Message, m.Direct)):
            shown = (event,)
        for each in shown:
            await write(f"{render(each, form)}\n".encode(errors="backslashreplace"))

    return print_line if options.json else print_text


async def _print_nothing(received: Received) -> None:
    pass


def _quietly(
    printer: Callable[[Received], Awaitable[None]],
) -> Callable[[Received], Awaitable[None]]:
    """Ignore a broken pipe: lines are still sent when nobody reads the output."""
    is_open = True

    async def print_while_open(received: Received) -> None:
        nonlocal is_open
        if is_open:
            try:
                await printer(received)
            except BrokenPipeError:
                is_open = False

    return print_while_open


async def _first(work: asyncio.Future[None], watch: asyncio.Future[None]) -> None:
    """Wait for ``work``, unless ``watch`` ends first. Raises the error of either."""
    try:
        await asyncio.wait([work, watch], return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            work.result()
        else:
            watch.result()
    finally:
        await _stop(work)


async def _stop(task: asyncio.Future[None]) -> None:
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled():
        task.exception()  # raised elsewhere, or of no interest any more
