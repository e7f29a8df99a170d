"""The Lua scripts, each described at its top, with the parts that it uses in front of it.

A line ``-- PARTS head log`` names the files of ``parts`` whose functions a script uses itself, or a
part does. Each call makes all functions in front of its script again, at a tenth of a
microsecond each, so a script has no others. A line ``-- KEYS hash stream never`` names the keys of
one log with which a script is called (``keys.of_log``).
"""

import re
from collections.abc import Iterator
from functools import cache
from hashlib import sha1
from importlib.resources import files

_PARTS = re.compile(r"^-- PARTS (.+)$", re.MULTILINE)
_KEYS = re.compile(r"^-- KEYS (.+)$", re.MULTILINE)


def _text(*path: str) -> str:
    return files(__package__).joinpath(*path).read_text(encoding="utf-8")


def _stems(*path: str) -> Iterator[str]:
    for file in files(__package__).joinpath(*path).iterdir():
        stem, _, kind = file.name.partition(".")
        if kind == "lua":
            yield stem


@cache
def names() -> frozenset[str]:
    """Return the names of all scripts."""
    return frozenset(_stems())


@cache
def part_names() -> frozenset[str]:
    """Return the names of all parts."""
    return frozenset(_stems("parts"))


@cache
def body(name: str) -> str:
    """Return a script without its parts."""
    return _text(f"{name}.lua")


@cache
def part(name: str) -> str:
    """Return the text of a part, without those that it uses itself."""
    return _text("parts", f"{name}.lua")


def uses(text: str) -> list[str]:
    """Return the parts that a script or a part names."""
    found = _PARTS.search(text)
    return found[1].split() if found else []


@cache
def key_names(name: str) -> tuple[str, ...]:
    """Return which keys of its log a script is called with; none if it is about no single log."""
    found = _KEYS.search(body(name))
    return tuple(found[1].split()) if found else ()


@cache
def parts(text: str) -> tuple[str, ...]:
    """Return all parts that a script needs in front of it, each behind those that it uses."""
    order: dict[str, None] = {}

    def add(user: str, users: tuple[str, ...]) -> None:
        for each in uses(user):
            if each in users:
                raise ValueError(f"the part {each} uses itself: {' '.join(users)}")
            if each not in order:
                add(part(each), (*users, each))
                order[each] = None

    add(text, ())
    return tuple(order)


def with_parts(text: str) -> str:
    """Return a script with its parts in front of it."""
    return "\n".join([*map(part, parts(text)), text])


@cache
def source(name: str) -> str:
    """Return the whole source of a script."""
    return with_parts(body(name))


@cache
def digest(name: str) -> str:
    """Return the digest by which Redis knows a script (EVALSHA)."""
    return sha1(source(name).encode()).hexdigest()


def read_all() -> None:
    """Read all scripts now: later there may be no file descriptor left for it."""
    for name in names():
        digest(name)
        key_names(name)
