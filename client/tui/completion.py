"""Completion of commands, rooms and nicks. Pure."""

from collections.abc import Iterable

from client.protocol.names import fold
from client.text.sanitize import safe_word
from client.tui.buffers import PERSON
from client.tui.commands import COMMANDS

ROOM_COMMANDS = frozenset({"join", "leave", "who"})


def candidates(before: str, rooms: Iterable[str], nicks: Iterable[str]) -> tuple[str, list[str]]:
    """Return the word before the cursor, and its completions, best first.

    A command gets a space at its end, a nick at the start of a line a colon. ``rooms`` are
    the names of all windows; a person cannot be joined. A name with characters
    that need escaping is not offered, because it would be in the input line unescaped.
    """
    start = max(before.rfind(" "), before.rfind("\n")) + 1
    word = before[start:]
    command = before[1:].split(" ", 1)[0].lower() if before.startswith("/") else ""
    if start == 0 and before.startswith("/") and not before.startswith("//"):
        return word, _of(word, [f"/{name} " for name in COMMANDS])
    if command in ROOM_COMMANDS:
        shown = (name for name in rooms if command != "join" or not name.startswith(PERSON))
        return word, _of(word, shown)
    if not word:
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
