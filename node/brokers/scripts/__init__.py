"""The Lua scripts, each described at its top; ``common.lua`` is put in front of each."""

from functools import cache
from hashlib import sha1
from importlib.resources import files


@cache
def source(name: str) -> str:
    """Return the whole source of a script."""
    here = files(__package__)
    common = (here / "common.lua").read_text(encoding="utf-8")
    return common + (here / f"{name}.lua").read_text(encoding="utf-8")


@cache
def digest(name: str) -> str:
    """Return the digest by which Redis knows a script (EVALSHA)."""
    return sha1(source(name).encode()).hexdigest()


def read_all() -> None:
    """Read all scripts now: later there may be no file descriptor left for it."""
    for file in files(__package__).iterdir():
        name, _, kind = file.name.partition(".")
        if kind == "lua" and name != "common":
            digest(name)
