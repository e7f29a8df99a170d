"""What a nick and a room may be called, and when two nicks are the same (PRECIS, RFC 8265)."""

import re
from collections.abc import Callable
from functools import lru_cache
from unicodedata import category, name, normalize

from precis_i18n import get_profile

from node.core.names import confusables
from wire import limits

_preserved = get_profile("UsernameCasePreserved").enforce
_mapped = get_profile("UsernameCaseMapped").enforce

# The same rules for ASCII alone, where PRECIS changes nothing but case: nearly every name is
# decided here, fifty times cheaper than by the tables.
_PLAIN_NICK = re.compile(rf"[A-Za-z0-9_][A-Za-z0-9_.-]{{0,{limits.NICK - 1}}}")
_PLAIN_ROOM = re.compile(rf"[A-Za-z0-9_][A-Za-z0-9_.-]{{0,{limits.ROOM - 1}}}")

# Preparing makes a name shorter: a full-width U with two marks is 7 bytes and becomes the 2 bytes
# of U+01D5, and nothing shrinks more. So what has more characters than this never fits, and the
# work that a hostile name can cause is bounded.
_SHRINKS = 4

# Of the names that are not plain, this many stay prepared: the people of a busy node.
_KEPT = 4096

_SENTENCES = {
    "empty": "has at least one character",
    "bidi_rule": "that is written from right to left begins with a letter, ends with a letter or"
    " a digit, and does not mix with the other direction (RFC 5893)",
    "not_idempotent": "has one written form; this one has several",
}


class BadName(ValueError):
    """A name that the rules forbid; its text says to people what is wrong, and what is right."""


def nick(text: str) -> str:
    """Return ``text`` as a nick is written (UsernameCasePreserved); idempotent.

    Raises BadName.
    """
    if _PLAIN_NICK.fullmatch(text):
        return text
    _check_work("nick", text, limits.NICK)
    return _nick(text)[0]


def fold(text: str) -> str:
    """Return the form that nicks are compared in (UsernameCaseMapped); any written form will do.

    It may be longer than a nick: some small letters take a byte more than their capitals.
    Raises BadName for exactly the texts that ``nick`` refuses.
    """
    if _PLAIN_NICK.fullmatch(text):
        return text.lower()
    _check_work("nick", text, limits.NICK)
    return _nick(text)[1]


def claims(text: str) -> str:
    """Return all that a nick takes up: its ``fold``, then, each after a space, what it looks like.

    Nobody else may have a nick that takes up any of it. The look of the written form counts too:
    capitals may look like those of another script where the small letters do not.
    Raises BadName for exactly the texts that ``nick`` refuses.
    """
    if _PLAIN_NICK.fullmatch(text):
        return text.lower()
    _check_work("nick", text, limits.NICK)
    return _claims(text)


def take(text: str) -> tuple[str, str]:
    """Return a nick that somebody wants to have: as it is written, and its ``claims``.

    Raises BadName, also where it mixes scripts: who has such a nick all the same, since a node of
    an older version let them, is spoken to like anybody else.
    """
    if _PLAIN_NICK.fullmatch(text):
        return text, text.lower()
    written = nick(text)
    if confusables.mixed(written):
        raise BadName(
            "A nick is written in one script, or in Latin letters beside those of Chinese, Japanese"
            " or Korean: letters of different scripts may look the same."
        )
    return written, claims(written)


def room(text: str) -> str:
    """Return ``text`` as a room is written and compared (UsernameCaseMapped); idempotent.

    Raises BadName.
    """
    if _PLAIN_ROOM.fullmatch(text):
        return text.lower()
    _check_work("room name", text, limits.ROOM)
    return _room(text)


@lru_cache(_KEPT)
def _nick(text: str) -> tuple[str, str]:
    written = _prepare("nick", text, _preserved)
    _check("nick", written, limits.NICK)
    return written, _prepare("nick", written, _mapped)


@lru_cache(_KEPT)
def _claims(text: str) -> str:
    written, folded = _nick(text)
    return " ".join(dict.fromkeys((folded, confusables.like(folded), confusables.like(written))))


@lru_cache(_KEPT)
def _room(text: str) -> str:
    written = _prepare("room name", text, _mapped)
    _check("room name", written, limits.ROOM)
    return written


def _check_work(what: str, text: str, most: int) -> None:
    if len(text) > most * _SHRINKS:
        raise BadName(f"A {what} is at most {most} bytes of UTF-8 long.")


def _prepare(what: str, text: str, enforce: Callable[[str], str]) -> str:
    """Return ``text`` as the PRECIS profile makes it; the profile makes sure it is idempotent."""
    try:
        return enforce(text)
    except UnicodeEncodeError as error:
        sentence = _SENTENCES.get(error.reason.removeprefix("DISALLOWED/"))
        if sentence is None:
            raise _not_allowed(what, error.object[error.start]) from None
        raise BadName(f"A {what} {sentence}.") from None


def _check(what: str, written: str, most: int) -> None:
    for character in written:
        if not _is_word(character) and character not in "_-.":
            raise _not_allowed(what, character)
    first = written[0]
    if first in "-." or category(first).startswith("M"):
        raise BadName(f"A {what} begins with a letter, a digit or _, not with {_spell(first)}.")
    length = len(written.encode())
    if length > most:
        raise BadName(f"A {what} is at most {most} bytes of UTF-8 long; this one has {length}.")


def _is_word(character: str) -> bool:
    """Is it a letter, a mark or a decimal digit?

    PRECIS alone also allows ASCII punctuation and a few signs, some of them invisible.
    """
    kind = category(character)
    return kind[0] in "LM" or kind == "Nd"


def _not_allowed(what: str, character: str) -> BadName:
    text = (
        f"A {what} may contain letters, marks and digits of any script, _, - and .,"
        f" but not {_spell(character)}"
    )
    plain = normalize("NFKC", character)
    if plain != character and plain.isalnum():
        text += f", which is written {plain}"
    return BadName(f"{text}.")


def _spell(character: str) -> str:
    """Return a character's number and name; never itself: it may be one that does harm."""
    return f"U+{ord(character):04X} {name(character, '')}".rstrip()
