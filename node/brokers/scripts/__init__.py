"""The Lua scripts, each described at its top; the files of ``_COMMON`` stand in front of each."""

from functools import cache
from hashlib import sha1
from importlib.resources import files

_COMMON = (
    *("common", "common_logs", "common_repeats"),
    *("common_rooms", "common_moderation", "common_sessions"),
)
"""Each may use the functions of those before it."""


def _read(name: str) -> str:
    return (files(__package__) / f"{name}.lua").read_text(encoding="utf-8")


@cache
def common() -> str:
    """Return what stands in front of every script."""
    return "\n".join([_read(name) for name in _COMMON])


@cache
def names() -> frozenset[str]:
    """Return the names of all scripts."""
    found = [file.name.partition(".") for file in files(__package__).iterdir()]
    return frozenset(name for name, _, kind in found if kind == "lua" and name not in _COMMON)


@cache
def source(name: str) -> str:
    """Return the whole source of a script."""
    return common() + _read(name)


@cache
def digest(name: str) -> str:
    """Return the digest by which Redis knows a script (EVALSHA)."""
    return sha1(source(name).encode()).hexdigest()


def read_all() -> None:
    """Read all scripts now: later there may be no file descriptor left for it."""
    for name in names():
        digest(name)
