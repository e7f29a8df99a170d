"""Completion of commands, rooms and nicks. Pure."""

from collections.abc import Iterable

from client.protocol.names import fold
from client.text.sanitize import safe_word
from client.tui.buffers import PERSON
from client.tui.commands import COMMANDS

ROOM_COMMANDS = frozenset({"join", "leave", "who"})
NICK_COMMANDS = frozenset({"msg", "ignore"})
"""Commands whose first argument is a nick, which is offered before anything is typed of it."""


def candidates(
    before: str, windows: Iterable[str], nicks: Iterable[str], rooms: Iterable[str] = ()
) -> tuple[str, list[str]]:
    """Return the word before the cursor, and its completions, best first.

    A command gets a space at its end, a nick at the start of a line a colon. ``rooms`` are others
    than the ``windows``, to join; a person cannot be joined. A name with characters
    that need escaping is not offered, because it would be in the input line unescaped.
    """
    start = max(before.rfind(" "), before.rfind("\n")) + 1
    word = before[start:]
    command = before[1:].split(" ", 1)[0].lower() if before.startswith("/") else ""
    if start == 0 and before.startswith("/") and not before.startswith("//"):
        return word, _of(word, [f"/{name} " for name in COMMANDS])
    if command == "join":
        mine = [name for name in windows if not name.startswith(PERSON)]
        known = set(map(fold, mine))
        return word, _of(word, [*mine, *(name for name in rooms if fold(name) not in known)])
    if command in ROOM_COMMANDS:
        return word, _of(word, windows)
    if not word and (command not in NICK_COMMANDS or before.count(" ") > 1):
        return word, []
    if word.startswith(PERSON):
        return word, _of(word, [f"{PERSON}{nick} " for nick in nicks])
    ends = ": " if start == 0 else " "
    return word, _of(word, [nick + ends for nick in nicks])


def _of(word: str, names: Iterable[str]) -> list[str]:
    start = fold(word)
    return [name for name in names if fold(name).startswith(start) and _is_plain(name)]


def _is_plain(name: str) -> bool:
    word = name.rstrip(" ")
    return safe_word(word) == word
