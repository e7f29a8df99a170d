"""Default nicks, and mentions of a nick. Pure."""

import re
import unicodedata
from collections.abc import Callable

_UNSPACED = frozenset(
    ("CJK", "IDEOGRAPHIC", "HIRAGANA", "BOPOMOFO", "HANGUL")
    + ("THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN")
)
"""Scripts without spaces between words, or with particles that are written as part of them. Not so
Katakana: it is for foreign words, next to Hiragana, so that its words end where the script does."""
_ANY = ""
"""Stands for the script of digits, underscores and general marks: they occur with all scripts."""


def nick_from(login: str) -> str:
    """Return a valid nick made of a login name."""
    # The node applies the full rules (RFC 8265); this ASCII subset is always valid.
    plain = unicodedata.normalize("NFKC", login)
    return re.sub(r"[^A-Za-z0-9_.-]", "", plain).lstrip("-.")[:24] or "guest"


def with_suffix(nick: str, random: Callable[[], float]) -> str:
    """Return ``nick`` with a short random suffix, because it is taken."""
    return f"{nick}-{int(random() * 10_000):04d}"


def mentions(text: str, nick: str) -> bool:
    """Return whether a text has the nick as a word.

    Case and width do not count. A word ends where the script changes, and anywhere in a script that
    is written without spaces.
    """
    text, nick = _folded(text), _folded(nick)
    place = text.find(nick) if nick else -1
    while place >= 0:
        end = place + len(nick)
        before, after = text[max(0, place - 1) : place], text[end : end + 1]
        # A mark behind the nick belongs to its last character, which is another one then.
        if not (_joins(nick[0], before) or _joins(nick[-1], after) or _is_mark(after)):
            return True
        place = text.find(nick, place + 1)
    return False


def _folded(text: str) -> str:
    return text.lower() if text.isascii() else unicodedata.normalize("NFKC", text.casefold())


def _joins(edge: str, neighbour: str) -> bool:
    """Return whether a neighbour makes the first or last character part of a longer word."""
    if not (neighbour.isalnum() or neighbour == "_" or _is_mark(neighbour)):
        return False
    scripts = {_script(edge), _script(neighbour)}
    return not scripts & _UNSPACED and len(scripts - {_ANY}) < 2


def _is_mark(character: str) -> bool:
    return character != "" and unicodedata.category(character)[0] == "M"


def _script(character: str) -> str:
    """Return the script of a character: the first word of its name in Unicode."""
    if not character.isalpha() and not _is_mark(character):
        return _ANY
    name = unicodedata.name(character, _ANY).partition(" ")[0].partition("-")[0]
    return _ANY if name in ("COMBINING", "MODIFIER") else name
