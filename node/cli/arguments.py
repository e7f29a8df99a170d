"""The arguments of `chat-node admin`: how each is read, and what it must be."""

import argparse
import re
from collections.abc import Callable
from ipaddress import ip_interface, ip_network
from typing import Any

from node.config.command_line import shortened
from node.core.names import names
from wire import text as texts

REASON_MOST = 400
"""Longest reason in bytes: a sentence or two, shown to everybody who sees the user go."""
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


class BadText(ValueError):
    """A text that no message may have; says why to people."""


def reader(
    read: Callable[[str], Any],
    expected: str = "",
    show: Callable[[str], str] = str,
    explains: bool = False,
) -> Callable[[str], Any]:
    """Return a reader for argparse whose error repeats the text and names what it must be.

    ``expected`` is not needed where the errors of ``read`` name it. ``explains``: they say what is
    wrong, without anything secret.
    """

    def read_argument(text: str) -> Any:
        try:
            return read(text)
        except (names.BadName, BadText) as error:
            raise argparse.ArgumentTypeError(f"got {shortened(text)!a}: {error}") from None
        except ValueError as error:
            got, why = f"got {shortened(show(text))!a}", f" ({error})" if explains else ""
            raise argparse.ArgumentTypeError(f"{got}, expected {expected}{why}") from None

    return read_argument


def duration(text: str) -> float:
    """Return the seconds of "90", "90s", "15m", "2h", "7d" or "1w"."""
    found = re.fullmatch("([0-9]{1,9})([smhdw]?)", text)
    if found is None or int(found[1]) == 0:
        raise ValueError
    return int(found[1]) * _UNITS[found[2]]


def network(text: str) -> str:
    """Return a network in its one normal form; IPv4 that is mapped to IPv6 becomes IPv4.

    Raises BadText for an address with a length, such as 192.0.2.7/8: perhaps only the address is
    meant, and the network is far larger.
    """
    network = ip_network(text, strict=False)
    has_host_bits = int(ip_interface(text)) != int(network.network_address)
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped is not None and network.prefixlen >= 96:
        network = ip_network((mapped, network.prefixlen - 96))
    if has_host_bits:
        raise BadText(f"it has host bits set; the network is {network}")
    return str(network)


def _reason(text: str) -> str:
    if not text.isprintable() or len(text.encode()) > REASON_MOST:
        raise ValueError
    return text.strip()


def _text(text: str) -> str:
    if (wrong := texts.check(text)) is not None:
        raise BadText(wrong[1])
    return text


_NICK = reader(lambda text: (names.nick(text), names.fold(text)))
_ROOM = reader(names.room)
ARGUMENTS: dict[str, dict[str, Any]] = {
    "nick": {"metavar": "NICK", "type": _NICK},
    "who": {"metavar": "NICK", "type": _NICK, "nargs": "?"},
    "room": {"metavar": "ROOM", "type": _ROOM},
    "text": {"metavar": "TEXT", "type": reader(_text)},
    "--room": {"metavar": "ROOM", "type": _ROOM, "help": "only the members of this room"},
    "--address": {
        "metavar": "NETWORK",
        "type": reader(network, "an IPv4 or IPv6 address, or a network such as 192.0.2.0/24"),
        "help": "all clients from this address or network",
    },
    "--for": {
        "metavar": "TIME",
        "type": reader(duration, "a time such as 90s, 15m, 2h, 7d or 1w"),
        "default": 0.0,
        "dest": "seconds",
        "help": "duration, such as 15m, 2h or 7d (default: until it is lifted)",
    },
    "--reason": {
        "metavar": "TEXT",
        "type": reader(_reason, f"one line of at most {REASON_MOST} bytes"),
        "help": "reason shown to the user and to the members of the rooms",
    },
    "--json": {"action": "store_true", "help": "print JSON"},
}
