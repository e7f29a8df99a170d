"""Parses a typed line into a request or a command of the client. Pure."""

from collections.abc import Callable

from msgspec import Struct

from client.text.sanitize import safe_word
from wire import limits
from wire import messages as m
from wire import text as texts
from wire.errors import Code

HISTORY_SHOWN = 20
"""Messages that ``/history`` shows by default: about a screen."""

LINKS_SHOWN = 20
"""Links that ``/url`` lists: about a screen."""


class CommandError(Exception):
    """A line that cannot be parsed; the text says how to correct it."""


class TooLong(CommandError):
    """A message whose text is too long; it may be sent in pieces."""

    def __init__(self, request: m.Send | m.SendDirect) -> None:
        super().__init__(f"A text is at most {limits.TEXT} bytes of UTF-8 long.")
        self.request = request


class ShowHelp(Struct, frozen=True):
    """Show the commands, or the keys."""

    keys: bool = False


class Retry(Struct, frozen=True):
    """Resend undelivered messages."""


class Search(Struct, frozen=True):
    """Find messages that contain this; it may be several words. Empty: search on."""

    word: str


class SearchStep(Struct, frozen=True):
    """Show an older match of the search; a newer one if ``steps`` is negative."""

    steps: int


class SearchBack(Struct, frozen=True):
    """Return to what was on the screen before the search."""


class Links(Struct, frozen=True):
    """List the links of the window, or copy one of them."""

    number: int | None = None


class Ignore(Struct, frozen=True):
    """Show nothing more of a person, or show the person again; without a nick, list them."""

    nick: str | None = None
    ends: bool = False


Meaning = m.Request | ShowHelp | Retry | Search | SearchStep | SearchBack | Links | Ignore | None
"""What a line means: a request, a command of the client, or nothing."""
READING = Search | SearchStep | SearchBack | m.GetHistory | None
"""Meanings after which the buffer stays scrolled up."""


class CommandRow(Struct, frozen=True):
    """A command: its arguments and its description in ``/help``, and its parser.

    ``read`` gets the text behind the name, and the current room. It raises ValueError if the text
    does not fit the arguments. ``example`` is shown in ``/help`` behind the name.
    """

    arguments: str
    help: str
    read: Callable[[str, str | None], Meaning]
    example: str = ""


def parse(line: str, room: str | None) -> Meaning:
    """Return the meaning of a line that is typed in ``room`` (None: in no room).

    Raises CommandError with a message for people.
    """
    if not line.strip():
        return None
    if line.startswith("//"):
        return _say(line[1:], room)
    if not line.startswith("/"):
        return _say(line, room)
    name, rest = _command(line)
    row = COMMANDS.get(name.lower())
    if row is None:
        raise CommandError(
            f"There is no command /{safe_word(name)}; /help lists the commands. To send a message"
            " that begins with /, type //."
        )
    try:
        return row.read(rest, room)
    except ValueError as error:
        detail = f" {error}" if str(error) else ""
        raise CommandError(f"Usage: {usage(name.lower())}.{detail}") from None


def is_about_room(line: str) -> bool:
    """Return whether the meaning of a line depends on the room that it is typed in."""
    return _meaning(line, "a") != _meaning(line, "b")


def _meaning(line: str, room: str) -> Meaning:
    try:
        return parse(line, room)
    except TooLong as error:
        return error.request
    except CommandError:
        return None


def usage(name: str) -> str:
    """Return a command with its arguments."""
    return f"/{name} {COMMANDS[name].arguments}".rstrip()


def _halves(text: str) -> tuple[str, str]:
    """Return the first word, and the rest unchanged."""
    words = text.split(maxsplit=1)
    return words[0] if words else "", words[1] if len(words) > 1 else ""


def _command(line: str) -> tuple[str, str]:
    """Return the name of the command that a line begins with, and the rest."""
    return ("", "") if line[1:2].isspace() else _halves(line[1:])


def _word(rest: str) -> str:
    words = rest.split()
    if len(words) != 1:
        raise ValueError
    return words[0]


def _nothing(rest: str) -> None:
    if rest.strip():
        raise ValueError


def _here(room: str | None) -> str:
    if room is None:
        raise CommandError("You are not in a room; /join ROOM joins one, /rooms lists them.")
    return room


def _sayable(request: m.Send | m.SendDirect) -> Meaning:
    if found := texts.check(request.text):
        raise TooLong(request) if found[0] is Code.TEXT_TOO_LONG else CommandError(found[1])
    return request


def _say(text: str, room: str | None) -> Meaning:
    return _sayable(m.Send(room=_here(room), text=text))


def _act(rest: str, room: str | None) -> Meaning:
    if not rest.strip():
        raise ValueError
    return _sayable(m.Send(room=_here(room), text=rest, kind="action"))


def _direct(rest: str, room: str | None) -> Meaning:
    """Read the text as a line in the person's window, except that it can only be a message."""
    nick, text = _halves(rest)
    nick = nick.removeprefix("@")
    kind: m.Kind | None = None
    if text.startswith("//"):
        text = text[1:]
    elif text.startswith("/"):
        name, text = _command(text)
        if name.lower() != "me":
            raise CommandError(
                "Behind /msg NICK there is only the command /me. To send a text that begins with /,"
                " type //."
            )
        kind = "action"
    if not (nick and text.strip()):
        raise ValueError
    return _sayable(m.SendDirect(to=nick, text=text, kind=kind))


def _leave(rest: str, room: str | None) -> Meaning:
    return m.Leave(room=_word(rest) if rest.strip() else _here(room))


def _who(rest: str, room: str | None) -> Meaning:
    return m.ListMembers(room=_word(rest) if rest.strip() else _here(room))


def _history(rest: str, room: str | None) -> Meaning:
    count = _number(rest, limits.HISTORY) if rest.strip() else HISTORY_SHOWN
    return m.GetHistory(room=_here(room), limit=count)


def _number(rest: str, most: int) -> int:
    word = _word(rest)
    # int() alone would also take "1_0", "+5" and digits of other scripts.
    if not (word.isascii() and word.isdigit() and 1 <= int(word[:9]) <= most):
        raise ValueError(f"N is a number from 1 to {most}.")
    return int(word)


def _links(rest: str, room: str | None) -> Meaning:
    return Links(_number(rest, LINKS_SHOWN) if rest.strip() else None)


def _search(rest: str, room: str | None) -> Meaning:
    _here(room)
    return Search(rest.strip())


def _ignore(rest: str, room: str | None) -> Meaning:
    return Ignore(_word(rest)) if rest.strip() else Ignore()


def _show_help(rest: str, room: str | None) -> Meaning:
    if rest.strip() and _word(rest).lower() != "keys":
        raise ValueError
    return ShowHelp(keys=bool(rest.strip()))


def _alone(make: Callable[[], Meaning]) -> Callable[[str, str | None], Meaning]:
    def read(rest: str, room: str | None) -> Meaning:
        _nothing(rest)
        return make()

    return read


COMMANDS: dict[str, CommandRow] = {
    "create": CommandRow(
        "ROOM", "create a room and join it", lambda rest, room: m.Create(room=_word(rest)), "tea"
    ),
    "join": CommandRow(
        "ROOM",
        "join a room, or switch to one you are in",
        lambda rest, room: m.Join(room=_word(rest)),
    ),
    "leave": CommandRow("[ROOM]", "leave this room, or another one", _leave),
    "nick": CommandRow(
        "NICK", "change your nick", lambda rest, room: m.SetNick(nick=_word(rest)), "ana"
    ),
    "msg": CommandRow("NICK TEXT", "send a message to one person only", _direct, "bo hello"),
    "rooms": CommandRow("", "list all rooms", _alone(m.ListRooms)),
    "who": CommandRow("[ROOM]", "list who is in this room, or in another of yours", _who),
    "history": CommandRow("[N]", f"show {HISTORY_SHOWN} older messages, or N", _history, "50"),
    "search": CommandRow("[WORD]", "show the newest match; again: older", _search, "tea"),
    "next": CommandRow("", "show the next older match", _alone(lambda: SearchStep(1))),
    "previous": CommandRow("", "show the next newer match", _alone(lambda: SearchStep(-1))),
    "back": CommandRow("", "return to where you were", _alone(SearchBack)),
    "url": CommandRow("[N]", "list the links here, or copy link N", _links, "1"),
    "me": CommandRow("TEXT", "send an action", _act, "waves"),
    "ignore": CommandRow("[NICK]", "show nothing more of a person, or list them", _ignore),
    "unignore": CommandRow(
        "NICK", "show a person again", lambda rest, room: Ignore(_word(rest), ends=True)
    ),
    "retry": CommandRow("", "resend undelivered messages", _alone(Retry)),
    "help": CommandRow("[keys]", "show this, or the keys", _show_help, "keys"),
    "quit": CommandRow("", "leave the chat", _alone(m.Quit)),
}
