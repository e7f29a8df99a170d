"""Which names look alike, and which mix scripts as no honest one does (UTS 39)."""

from bisect import bisect
from collections.abc import Iterator
from functools import cache
from operator import itemgetter
from unicodedata import normalize

from node.core.names.confusables_data import LOOKS, SCRIPTS

# Scripts that are written together: "Highly Restrictive" of UTS 39, 5.2.
_TOGETHER = (
    frozenset(("Latn", "Hani", "Hira", "Kana")),
    frozenset(("Latn", "Hani", "Bopo")),
    frozenset(("Latn", "Hani", "Hang")),
)
_LATIN = frozenset(("Latn",))

# UTS 39 of letters, digits and signs of nicks, and vv beside its rn.
_ASCII = (("i", "l"), ("1", "l"), ("0", "o"), ("rn", "m"), ("vv", "w"))


def like(text: str) -> str:
    """Return what a name looks like, letter case apart; two names are alike if this is the same.

    ASCII looks like itself alone: who types b0b does not mean bob.
    """
    table = _looks()
    seen = "".join([table.get(character, character) for character in normalize("NFD", text)])
    return normalize("NFC", seen.lower())


def plain(name: str) -> str:
    """Return what a name of ``like``, or a folded one, looks like if ASCII looks like ASCII, too.

    Any letter may be written as a capital: so i looks like l. Only names that are worth a password
    are compared like this: it also takes nicks that look alike by chance.
    """
    for source, look in _ASCII:
        name = name.replace(source, look)
    return name


def mixed(text: str) -> bool:
    """Say whether a name mixes scripts that are not written together."""
    found = [scripts for c in normalize("NFD", text) if (scripts := _scripts_of(c))]
    if not found or frozenset.intersection(*found):
        return False
    return not any(all(scripts & allowed for scripts in found) for allowed in _TOGETHER)


def _scripts_of(character: str) -> frozenset[str] | None:
    """Return the scripts that a character is used in, None for those of all."""
    if character.isascii():
        return _LATIN if character.isalpha() else None
    starts, rows = _scripts()
    last, scripts = rows[bisect(starts, ord(character)) - 1]
    return scripts if ord(character) <= last else None


# Made only when somebody comes whose name is not plain.
@cache
def _looks() -> dict[str, str]:
    table = {}
    for word in LOOKS.split():
        target, _, sources = word.partition("=")
        look = "".join([chr(int(part, 16)) for part in target.split("+")])
        for first, last in _ranges(sources):
            table.update({chr(number): look for number in range(first, last + 1)})
    return table


@cache
def _scripts() -> tuple[list[int], list[tuple[int, frozenset[str]]]]:
    """Return where each range of characters begins, and then its last one and their scripts."""
    found = []
    for word in SCRIPTS.split():
        names, _, characters = word.partition("=")
        scripts = frozenset(names.split("+"))
        found += [(first, last, scripts) for first, last in _ranges(characters)]
    found.sort(key=itemgetter(0))
    return [first for first, _, _ in found], [(last, scripts) for _, last, scripts in found]


def _ranges(text: str) -> Iterator[tuple[int, int]]:
    for part in text.split(","):
        first, _, last = part.partition("-")
        yield int(first, 16), int(last or first, 16)
