"""The command line of a node: flags to texts. A bad one ends the process with one line."""

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from typing import Any, NoReturn

from node.config import parsers
from node.config.options import OPTIONS
from node.config.version import version

PROGRAM = "chat-node"
_BY_FLAG = {option.flag: option for option in OPTIONS}
_SHELLS = "bash or zsh"


def parse_flags(argv: Sequence[str]) -> dict[str, str]:
    """Return the texts of the flags that were given, by field. Raises SystemExit."""
    parser = _parser()
    try:
        found, unknown = parser.parse_known_args(argv)
    except argparse.ArgumentError as error:
        flag = error.argument_name or ""
        refuse(flag, "nothing", _BY_FLAG[flag].expected if flag in _BY_FLAG else _SHELLS)
    if unknown:
        # The value is not repeated: it may be a secret after a misspelt flag.
        name = unknown[0].partition("=")[0]
        is_flag = name.startswith("--") and name.isprintable()
        fail(f"{f'unknown option {name}' if is_flag else 'unexpected argument'} (see --help)")
    flags: dict[str, str] = vars(found)
    if "completion" in flags:
        _complete(parser, flags["completion"])
    return flags


def refuse(source: str, got: str, expected: str, reason: str = "") -> NoReturn:
    """End the process with a line about a bad value; ``source`` is its flag or variable."""
    fail(f"{source}: got {got}, expected {expected}{reason and f' ({reason})'}")


def fail(why: str) -> NoReturn:
    """End the process with a line on standard error, and status 2."""
    print(f"{PROGRAM}: {why}", file=sys.stderr)
    raise SystemExit(2)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        PROGRAM,
        description="Run a node of a distributed chat. Every flag has an environment variable; the"
        " flag wins. Times are in seconds and may be fractions.",
        formatter_class=partial(argparse.HelpFormatter, max_help_position=32),
        epilog="Other commands: chat-node status shows the whole system, chat-node admin moderates"
        " it, chat-node account manages accounts. Each has a --help of its own.",
        allow_abbrev=False,
        exit_on_error=False,
        argument_default=argparse.SUPPRESS,
    )
    for option in OPTIONS:
        default = option.without if option.default is None else option.default
        optional: dict[str, Any] = {"nargs": "?", "const": "1"}
        parser.add_argument(
            option.flag,
            metavar=option.metavar,
            help=f"{option.help} (default: {default}; environment: {option.variable})",
            **(optional if option.read is parsers.switch else {}),
        )
    parser.add_argument(
        "--completion",
        metavar="SHELL",
        help=f"print a script that completes these flags in the shell: {_SHELLS}",
    )
    parser.add_argument(
        "--version",
        action="version",
        version=f"{PROGRAM} {version()}",
        help="print name and version",
    )
    return parser


def _complete(parser: argparse.ArgumentParser, shell: str) -> NoReturn:
    """Print the script that completes the flags in a shell, and end the process."""
    if shell not in ("bash", "zsh"):
        refuse("--completion", repr(shell), _SHELLS)
    import shtab  # imported here: a node that runs does not need it

    for action in parser._actions:
        if action.metavar == "FILE":
            setattr(action, "complete", shtab.FILE)
    print(shtab.complete(parser, shell))
    raise SystemExit(0)
