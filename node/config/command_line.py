"""The command line of a node: flags to texts. A bad one ends the process with one line."""

import argparse
import difflib
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any, NoReturn

from node.config import parsers
from node.config.options import GROUPS, OPTIONS
from node.config.version import version

PROGRAM = "chat-node"
_BY_FLAG = {option.flag: option for option in OPTIONS}
_SHELLS = ("bash", "zsh", "fish")
_EXPECTED_SHELL = "bash, zsh or fish"
_SHOWN_START, _SHOWN_END = 38, 19  # enough to recognise a value, and 60 characters in all
_BEGUN_MOST = 3  # flags that a part of a name may stand for: more of them are no answer
_NEAR = 0.7  # the similarity from which on a name is mistyped: --hots, but not --bogus, is --host
COMMANDS = {
    "status": "show the whole system: nodes, versions, clients, rooms",
    "admin": "moderate: kick, ban, close rooms, announce, list nodes and sessions",
    "account": "add, remove and list accounts: nicks that need a password",
}
"""The commands besides running a node, and what each does."""
_DESCRIPTION = f"""\
Run a node of a distributed chat, or a command.

commands, each with a --help of its own:
{chr(10).join(f"  {name:9} {does}" for name, does in COMMANDS.items())}

Every flag of a node has an environment variable; the flag wins. Times are in seconds and may be
fractions."""


Parsers = Mapping[str, Callable[[], argparse.ArgumentParser]]
"""Functions that return the parsers of commands, by the names of these."""


def parse_flags(argv: Sequence[str], commands: Parsers = {}) -> dict[str, str]:
    """Return the texts of the flags that were given, by field. Raises SystemExit.

    ``commands`` are needed for the script that completes them.
    """
    parser = _parser()
    try:
        found, unknown = parser.parse_known_args(argv)
    except argparse.ArgumentError as error:
        flag = error.argument_name or ""
        refuse(flag, "nothing", _BY_FLAG[flag].expected if flag in _BY_FLAG else _EXPECTED_SHELL)
    if unknown:
        fail(_unknown(unknown[0]))
    flags: dict[str, str] = vars(found)
    if "completion" in flags:
        _complete(parser, flags["completion"], commands)
    return flags


def _unknown(argument: str) -> str:
    """Return the error for an argument; its value is not repeated, because it may be a secret."""
    name = argument.partition("=")[0]
    if not name.startswith("--") or not name.isprintable():
        commands = f"the commands are {', '.join(COMMANDS)} (see --help)"
        return f"unexpected argument{_guess(argument, COMMANDS) or ';'} {commands}"
    return f"unknown option {name}{_guess(name, _BY_FLAG)} (see --help)"


def _guess(name: str, known: Collection[str]) -> str:
    """Return the question whether the known name that is most like this one was meant, or "".

    A few names that begin with it go before. The dashes of flags make no two of them alike.
    """
    begun = [one for one in known if one.startswith(name)]
    if not 1 <= len(begun) <= _BEGUN_MOST:
        bare = {one.lstrip("-"): one for one in known}
        begun = [bare[one] for one in difflib.get_close_matches(name.lstrip("-"), bare, 1, _NEAR)]
    return f", did you mean {' or '.join(begun)}?" if begun else ""


def refuse(source: str, got: str, expected: str, reason: str = "") -> NoReturn:
    """End the process with a line about a bad value; ``source`` is its flag or variable."""
    fail(f"{source}: got {got}, expected {expected}{reason and f' ({reason})'}")


def shortened(value: str) -> str:
    """Return a value as an error repeats it: the middle of a long one is left out."""
    if len(value) <= _SHOWN_START + len("...") + _SHOWN_END:
        return value
    return f"{value[:_SHOWN_START]}...{value[-_SHOWN_END:]}"


def fail(why: str) -> NoReturn:
    """End the process with a line on standard error, and status 2."""
    print(f"{PROGRAM}: {why}", file=sys.stderr)
    raise SystemExit(2)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        PROGRAM,
        usage="%(prog)s [FLAG ...]\n       %(prog)s COMMAND [ARGUMENT ...]",
        description=_DESCRIPTION,
        formatter_class=partial(argparse.RawDescriptionHelpFormatter, max_help_position=32),
        allow_abbrev=False,
        exit_on_error=False,
        argument_default=argparse.SUPPRESS,
    )
    for title, options in GROUPS:
        group = parser.add_argument_group(title)
        for option in options:
            default = option.without if option.default is None else option.default
            # A long list may only be broken at a space.
            default = str(default).replace(",", ", ")
            optional: dict[str, Any] = {"nargs": "?", "const": "1"}
            group.add_argument(
                option.flag,
                metavar=option.metavar,
                help=f"{option.help} (default: {default}; environment: {option.variable})",
                **(optional if option.read is parsers.switch else {}),
            )
    parser.add_argument(
        "--completion",
        metavar="SHELL",
        help=f"print a script that completes flags and commands in the shell: {_EXPECTED_SHELL}",
    )
    parser.add_argument(
        "--version",
        action="version",
        version=f"{PROGRAM} {version()}",
        help="print name and version",
    )
    return parser


def _complete(parser: argparse.ArgumentParser, shell: str, commands: Parsers) -> NoReturn:
    """Print the script that completes flags and commands in a shell, and end the process."""
    if shell not in _SHELLS:
        refuse("--completion", repr(shell), _EXPECTED_SHELL)
    import shtab  # imported here: a node that runs does not need it

    if commands:
        made = parser.add_subparsers(metavar="COMMAND")
        for name, parser_of in commands.items():
            does = COMMANDS[name]
            made.add_parser(
                name, parents=[parser_of()], help=does, description=does, add_help=False
            )
    _show_values(parser, shtab.FILE)
    print(shtab.complete(parser, shell))
    raise SystemExit(0)


def _show_values(parser: argparse.ArgumentParser, files: object) -> None:
    """Let the script offer the values of flags, also of those of commands."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                _show_values(command, files)
        elif action.metavar == "FILE":
            setattr(action, "complete", files)
        elif action.dest == "completion":
            action.choices = _SHELLS
        elif (option := _BY_FLAG.get("--" + action.dest.replace("_", "-"))) is not None:
            action.choices = option.words or None
