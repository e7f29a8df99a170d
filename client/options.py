"""The command line of the client."""

import argparse
import getpass
import os
import ssl
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import NoReturn

from client.connection import Chat, connect
from client.lifeline import Rename
from client.names import nick_from
from client.route import parse_addresses
from wire.messages import DEFAULT_ROOM

_EPILOG = """\
On a terminal the client is interactive; /help shows its commands. Otherwise each line of standard
input is said in the (first) room, unless --listen or --json asks to read instead.

exit status: 0 when all was said, or when listening was interrupted or nobody reads the output any
more; 1 when something could not be said or the node refused us; 2 for a command line that makes no
sense; 130 and 143 when interrupted or terminated before all was said.
"""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for. ``nick`` is None when it names none."""

    addresses: tuple[str, ...]
    nick: str | None
    rooms: tuple[str, ...]
    token: str | None
    tls: ssl.SSLContext | None
    listen: bool
    json: bool

    @property
    def room(self) -> str:
        """The room that one talks in first."""
        return self.rooms[0] if self.rooms else DEFAULT_ROOM

    def connect(
        self, nick: str, *, rename: Rename | None = None, patience: float | None = None
    ) -> Chat:
        """Return the chat that the command line describes. Raises Refused."""
        return connect(
            self.addresses,
            nick=nick,
            rooms=self.rooms or None,
            token=self.token,
            tls=self.tls or False,
            patience=patience,
            rename=rename,
        )


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def parse_options(arguments: Sequence[str] | None = None) -> Options:
    """Return the options; ends the process with status 2 and one line if they make no sense."""
    parser = _parser()
    found = parser.parse_args(arguments)
    try:
        parse_addresses(found.addresses)
        tls = _context(found.tls, found.ca)
    except ValueError as error:
        parser.error(str(error))
    return Options(
        addresses=tuple(found.addresses),
        nick=found.nick,
        rooms=tuple(found.room),
        token=found.token or None,
        tls=tls,
        listen=found.listen,
        json=found.json,
    )


def login_nick() -> str:
    """Return a nick made of the name one is logged in by."""
    try:
        return nick_from(getpass.getuser())
    except (OSError, KeyError, ImportError):  # no such user, as in many a container
        return nick_from("")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="chat",
        description="Talk in a distributed chat.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add(
        "addresses",
        nargs="*",
        metavar="HOST:PORT",
        help="where nodes listen, also [IPV6]:PORT and HOST:FIRST-LAST; tried in turn"
        " (default: 127.0.0.1:9999)",
    )
    add("--nick", help="who you are (default: you are asked, or your login name)")
    add(
        "--room",
        action="append",
        default=[],
        help=f"a room to be in, made if missing; may be repeated (default: {DEFAULT_ROOM})",
    )
    add(
        "--token",
        default=os.environ.get("CHAT_TOKEN"),
        help="the token that the nodes want (environment: CHAT_TOKEN, which other users of this"
        " machine cannot see)",
    )
    add("--tls", action="store_true", help="connect by TLS, and check the node's certificate")
    add("--ca", metavar="FILE", help="check it by these authorities (PEM); implies --tls")
    add("--listen", action="store_true", help="print what is said, until interrupted")
    add(
        "--json",
        action="store_true",
        help="print all events as lines of the protocol, unchanged; on a terminal, implies"
        " --listen",
    )
    add("--version", action="version", version=f"%(prog)s {_version()}")
    return parser


def _context(wanted: bool, authorities: str | None) -> ssl.SSLContext | None:
    if not wanted and authorities is None:
        return None
    try:
        return ssl.create_default_context(cafile=authorities)
    except OSError as error:  # ssl.SSLError is one of them
        raise ValueError(f"argument --ca: {authorities!r}: {error.strerror or error}") from None


def _version() -> str:
    try:
        return metadata.version("distributed-chat")
    except metadata.PackageNotFoundError:
        return "(not installed)"


def is_terminal() -> bool:
    """Return whether a person sits at both ends: standard input and output."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))
