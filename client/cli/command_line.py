"""The flags of the client: their parser, the manual, and completion in shells."""

import argparse
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from client.cli.plain import fitted
from client.cli.settings_file import default_path
from client.cli.stdio import write_all
from wire import limits
from wire.arguments import Parser
from wire.messages import DEFAULT_ROOM

PROGRAM = "chat"
SHELLS = ("bash", "zsh", "fish")
_EPILOG = """\
On a terminal the client is interactive; /help lists its commands. Otherwise each line of
standard input is sent to the (first) room, unless --listen asks to read instead; so does --json
where standard input is a terminal.

examples:
  chat                                    chat; the first time it asks for your nick
  chat localhost:9999-10001 --room ops    reconnect to the next node when one goes away
  echo "the build is green" | chat --room ci
  tail -f app.log | chat --room ops --nick app
  chat --listen --room ops | grep --line-buffered error
  chat --listen --last 20 --room ops      the last 20 messages, and then new ones
  chat --listen --json | jq --unbuffered -r 'select(.type == "message").text'
  eval "$(chat --completion bash)"        complete flags in this shell; likewise zsh
  chat --completion fish | source         the same in fish

settings: a TOML file with lines such as
  nick = "ana"
  servers = ["localhost:9999-10001"]
  rooms = ["general", "ops"]
  colours = false     # so does NO_COLOR in the environment
  bell = false        # do not ring when somebody mentions you
  time = "%H:%M:%S"   # a format for strftime
  presence = false    # do not show who enters and leaves
  mentions = ["release"]   # words that count as mentions
  ignore = ["bo"]     # people of whom nothing is shown
  notify = "osc9"     # or "osc777": notify the desktop of mentions
  log = true          # keep all messages in files
  [server.work]       # for the command: chat work
  address = "chat.example.org:9999"
  tls = true
  ca = "authority.pem"
  token = "of the nodes"
  password_command = "pass show chat"
Flags override the environment, which overrides the file; but colours = true in the file
overrides NO_COLOR (https://no-color.org).

exit status:
  0    all messages sent, or you quit; or the reader of --listen went away, or it was interrupted
  1    a message was not sent, output could not be written, a node refused the session, a moderator
       closed the room, or no node could be reached (see --timeout)
  2    invalid command line or settings, also a nick or room that no node takes; nothing was sent
  129, 130, 143  ended by SIGHUP, SIGINT or SIGTERM; not with --listen, nor once all input is sent
"""


class _Parser(Parser):
    def print_help(self, file: Any = None) -> None:
        _print_and_end(self, fitted(self.format_help().rstrip(), 1))

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        super().exit(status, message and fitted(message, 2))


def parse_flags(
    environ: Mapping[str, str], arguments: Sequence[str] | None = None
) -> argparse.Namespace:
    """Return the flags; prints the version or a completion script, and exits, where asked to.

    Exits with status 2 and one line if the flags are invalid.
    """
    parser = _parser(environ)
    found = parser.parse_args(arguments)
    if found.last and not (found.listen or (found.json and is_stdin_terminal())):
        parser.error(
            "argument --last: only with --listen, or with --json where standard input is a terminal"
        )
    if found.version:
        _print_and_end(parser, f"{parser.prog} {_version()}")
    if found.completion:
        _print_and_end(parser, _completion(parser, found.completion))
    return found


def is_stdin_terminal() -> bool:
    """Return whether standard input is a terminal."""
    return sys.stdin is not None and sys.stdin.isatty()


def default_settings(environ: Mapping[str, str]) -> Path | None:
    """Return the settings file for a command line that names none; it need not be there."""
    named = environ.get("CHAT_SETTINGS")
    return Path(named) if named else default_path()


def refuse(trouble: str) -> NoReturn:
    """Exit with status 2 and one line."""
    _Parser(PROGRAM).error(trouble)


def _parser(environ: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = _Parser(
        prog=PROGRAM,
        description="Terminal client of a distributed chat.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _add_session(parser)
    _add_connection(parser, environ)
    _add_modes(parser, environ)
    return parser


def _add_session(parser: argparse.ArgumentParser) -> None:
    """Add where to connect, and as whom."""
    parser.add_argument(
        "addresses",
        nargs="*",
        metavar="HOST:PORT",
        help="addresses of nodes, also [IPV6]:PORT and HOST:FIRST-LAST; tried in turn"
        " (default: 127.0.0.1:9999); or the name of a server in your settings",
    )
    parser.add_argument(
        "--nick",
        type=_some,
        help="your nick (default: the one in your settings; else you are asked, or, without a"
        " terminal, it is your login name); if it belongs to an account, you are asked for the"
        " password, unless the environment has CHAT_PASSWORD",
    )
    parser.add_argument(
        "--room",
        type=_some,
        action="append",
        default=[],
        help=f"a room to join, created if missing; may be repeated (default: {DEFAULT_ROOM})",
    )


def _add_connection(parser: argparse.ArgumentParser, environ: Mapping[str, str]) -> None:
    """Add how to connect."""
    parser.add_argument(
        "--token",
        type=_some,
        default=environ.get("CHAT_TOKEN") or None,
        help="the access token of the nodes (environment: CHAT_TOKEN, which other users of this"
        " machine cannot see)",
    )
    parser.add_argument(
        "--tls", action="store_true", help="use TLS, and verify the node's certificate"
    )
    parser.add_argument(
        "--ca",
        type=_some,
        metavar="FILE",
        help="certificate authorities to verify it with (PEM); implies --tls",
    )


def _add_modes(parser: argparse.ArgumentParser, environ: Mapping[str, str]) -> None:
    """Add what to do, and the settings of it."""
    parser.add_argument("--listen", action="store_true", help="print messages until interrupted")
    parser.add_argument(
        "--json",
        action="store_true",
        help="print all events as JSON lines of the protocol, unchanged; on a terminal, implies"
        " --listen",
    )
    parser.add_argument(
        "--last",
        type=_count,
        default=0,
        metavar="N",
        help="with --listen, or --json on a terminal: first the last N messages of each room"
        f" (1 to {limits.HISTORY})",
    )
    parser.add_argument(
        "--timeout",
        type=_seconds,
        metavar="SECONDS",
        help="without a terminal: give up when no node could be reached for so long (default:"
        " 10 for the first connection and 60 later; with --listen never)",
    )
    path = default_settings(environ)
    parser.add_argument(
        "--settings",
        type=_some,
        metavar="FILE",
        help="your settings file, which has to be there (default: that in the environment variable"
        f" CHAT_SETTINGS; now: {str(path).replace('%', '%%') if path else 'none'})",
    )
    parser.add_argument(
        "--completion",
        choices=SHELLS,
        help="print a shell script that completes these flags",
    )
    parser.add_argument("--version", action="store_true", help="print the version")


def _some(text: str) -> str:
    """Refuse an empty value: a script meant a variable that is not set."""
    if not text.strip():
        raise argparse.ArgumentTypeError("the value is empty")
    return text


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= limits.HISTORY):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a number of messages from 1 to {limits.HISTORY}"
        )
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return seconds


def _print_and_end(parser: argparse.ArgumentParser, text: str) -> NoReturn:
    # Not print(): sys.stdout would try again at exit what it could not write, with a traceback.
    try:
        write_all(1, f"{text}\n".encode(errors="backslashreplace"))
    except BrokenPipeError:
        pass
    except OSError as error:
        parser.exit(1, f"{parser.prog}: standard output: {error.strerror}\n")
    sys.exit(0)


def _completion(parser: argparse.ArgumentParser, shell: str) -> str:
    import shtab  # slow to import, and rarely needed

    for action in parser._actions:
        if action.metavar == "FILE":
            setattr(action, "complete", shtab.FILE)
    script: str = shtab.complete(parser, shell)
    return script


def _version() -> str:
    from importlib import metadata  # slow to import, and rarely needed

    try:
        return metadata.version("distributed-chat")
    except metadata.PackageNotFoundError:
        return "(not installed)"
