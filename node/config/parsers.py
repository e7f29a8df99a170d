"""Parsers of single settings: each turns a text into a value, or raises ValueError."""

import re
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import NamedTuple

from node.config import origin
from node.config.origin import Origin
from wire.text import secret

MOST = 1_000_000_000
"""Largest number in any setting: some 30 years of seconds, and more than any count."""
RATE_LEAST = 0.001
"""Smallest rate above 0: one request in a quarter of an hour."""
TOKEN_MOST = 4096
"""Longest token in bytes: a hello that carries it must fit a line."""


NETWORKS_MOST = 64
"""Most networks in one setting: each connection is compared with all of them."""
Networks = tuple[IPv4Network | IPv6Network, ...]


class Rate(NamedTuple):
    """So many per second (0: no limit), and how many at once."""

    per_second: float
    burst: float


def whole(least: int, most: int) -> Callable[[str], int]:
    """Return a parser of whole numbers from ``least`` to ``most``."""

    def read(text: str) -> int:
        if not re.fullmatch("[0-9]{1,10}", text) or not least <= int(text) <= most:
            raise ValueError
        return int(text)

    return read


port = whole(0, 65535)


def port_or_off(text: str) -> int | None:
    """Return a port, None for ``off``."""
    return None if text == "off" else port(text)


def number(text: str) -> float:
    """Return a decimal number that is not negative, such as seconds."""
    if not re.fullmatch(r"[0-9]+(\.[0-9]*)?|\.[0-9]+", text) or float(text) > MOST:
        raise ValueError
    return float(text)


def rate(text: str) -> Rate:
    """Return ``RATE[/BURST]``; the burst is three times the rate if it is not given."""
    first, slash, second = text.partition("/")
    per_second = number(first)
    burst = number(second) if slash else max(3 * per_second, 1.0)
    if per_second and (per_second < RATE_LEAST or burst < 1):
        raise ValueError
    return Rate(per_second, burst)


def networks(text: str) -> Networks:
    """Return networks or addresses that are separated by commas; an empty tuple for ``none``."""
    if text.strip().lower() == "none":
        return ()
    parts = [part.strip() for part in text.split(",")]
    if len(parts) > NETWORKS_MOST:
        raise ValueError(f"more than {NETWORKS_MOST} networks")
    return tuple(ip_network(part) for part in parts)


ORIGINS_MOST = 64
"""Most origins or nodes in one setting: they are part of what each browser gets."""


class Origins(NamedTuple):
    """Origins of web pages; ``any``: all of them."""

    listed: tuple[Origin, ...] = ()
    any: bool = False


def origins(text: str) -> Origins:
    """Return origins that are separated by commas, or ``any``, or ``none``."""
    if text.strip().lower() in ("none", "any"):
        return Origins(any=text.strip().lower() == "any")
    parts = [part.removesuffix("/") for part in _parts(text)]
    return Origins(tuple(origin.parse(part, "http", "https") for part in parts))


def web_nodes(text: str) -> tuple[str, ...]:
    """Return WebSocket addresses that are separated by commas; an empty tuple for ``none``."""
    if text.strip().lower() == "none":
        return ()
    parts = [part.removesuffix("/").removesuffix("/ws") for part in _parts(text)]
    return tuple(f"{origin.parse(part, 'ws', 'wss')}/ws" for part in parts)


def _parts(text: str) -> list[str]:
    parts = [part.strip() for part in text.split(",")]
    if len(parts) > ORIGINS_MOST:
        raise ValueError(f"more than {ORIGINS_MOST}")
    return parts


def word(*words: str) -> Callable[[str], str]:
    """Return a parser of one of ``words``, in any letter case."""

    def read(text: str) -> str:
        if text.lower() not in words:
            raise ValueError
        return text.lower()

    return read


def switch(text: str) -> bool:
    """Return True for 1, False for 0."""
    return word("0", "1")(text) == "1"


def host(text: str) -> str:
    """Return a host name or address; listening finds out whether it exists."""
    if not text or not text.isprintable() or " " in text:
        raise ValueError
    return text


def label(text: str) -> str:
    """Return a name that is fit for logs and screens."""
    if not 1 <= len(text) <= 64 or not text.isprintable() or text.isspace():
        raise ValueError
    return text


def file(text: str) -> str:
    """Return the path of a file after checking that it can be read."""
    try:
        with open(text, "rb") as opened:
            opened.read(1)
    except OSError as error:
        raise ValueError(error.strerror) from None
    return text


class TokenFile(NamedTuple):
    """The path of a file of tokens, and the tokens when it was read."""

    path: str
    tokens: tuple[str, ...]

    def __repr__(self) -> str:
        return repr(self.path)


def token_file(text: str) -> TokenFile:
    """Read a file of tokens, one on each line; empty lines are ignored."""
    try:
        lines = Path(text).read_bytes().decode().split("\n")
        tokens = tuple(token(line) for line in lines if secret(line))
    except OSError as error:
        raise ValueError(error.strerror) from None
    except ValueError:
        tokens = ()
    if not tokens:
        raise ValueError(f"a token is 1 to {TOKEN_MOST} bytes of UTF-8")
    return TokenFile(text, tokens)


def token(text: str) -> str:
    """Return a token: one line of valid UTF-8."""
    text = secret(text)
    if "\n" in text or not 1 <= len(text.encode()) <= TOKEN_MOST:
        raise ValueError
    return text
