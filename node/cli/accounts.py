"""`chat-node account`: adds, removes and lists the accounts in a file."""

import argparse
import getpass
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from node.auth import accounts_file
from node.auth.accounts_file import Account
from node.config.options import variables
from node.core.names import confusables, names
from wire import environment
from wire.arguments import Parser
from wire.text import secret

PROGRAM = "chat-node account"
PASSWORD_MOST = 1024
"""Longest password in bytes: a hello that carries it must fit a line."""
ROUNDS, KIBIBYTES = 2, 19 * 1024
"""Costs of an Argon2 hash, the least that OWASP recommends: each login costs the node as much as a
guess costs an attacker."""


def main(argv: Sequence[str]) -> int:
    """Add, remove or list accounts; return the exit status."""
    for warning in environment.warnings(os.environ, ("CHAT_ACCOUNTS",), variables()):
        _fail(warning)
    options = make_parser().parse_args(argv)
    if not options.file:
        return _fail("no file given: use --accounts FILE or CHAT_ACCOUNTS", 2)
    try:
        return _run(options.file, options.action, options)
    except OSError as error:
        # Its own text may name the temporary file that becomes the file.
        return _fail(f"{options.file}: {error.strerror or error}")
    except ValueError as error:
        return _fail(str(error))
    except (KeyboardInterrupt, EOFError):
        return _fail("nothing was changed")


def _run(file: str, action: str, options: argparse.Namespace) -> int:
    exists = Path(file).exists()
    accounts = _read(file) if exists or action != "add" else []
    if action == "list":
        print("".join(f"{account.nick}\n" for account in accounts), end="")
        return 0
    nick, claims = names.take(options.nick)
    fold = names.fold(nick)
    others = [account for account in accounts if names.fold(account.nick) != fold]
    before = {names.fold(account.nick): account.nick for account in accounts}.get(fold)
    is_new = before is None
    if action == "remove":
        if is_new:
            return _fail(f"there is no account {nick}")
        accounts_file.write(file, others)
        return 0
    if _looks_like_another(claims, others, is_new):
        return _fail(f"the nick {nick} looks like that of another account")
    if not (folder := Path(file).resolve().parent).is_dir():
        return _fail(f"{file}: there is no folder {folder}")
    accounts_file.write(file, [*others, Account(nick, _hash(_password(nick)))])
    _tell_added(nick, before)
    return 0


def _tell_added(nick: str, before: str | None) -> None:
    """Print what was done with an account that was written as ``before``, None for a new one."""
    if before is None:
        print(f"Added the account {nick}; a session that uses the nick now keeps it.")
    else:
        spelling = "" if nick == before else f", which was written {before} until now"
        print(f"Changed the password of {nick}{spelling}.")
    print("Running nodes read the file on SIGHUP.")


def _read(file: str) -> list[Account]:
    """Return the accounts in a file. Raises ValueError that names the file."""
    try:
        return accounts_file.read(file)
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from None


def _looks_like_another(claims: str, others: Sequence[Account], is_new: bool) -> bool:
    """Return whether a nick looks like that of another account; a new one within ASCII too."""

    def look(name: str) -> str:
        return confusables.plain(name) if is_new else name

    taken = {look(name) for name in accounts_file.by_claim(others)}
    return any(look(name) in taken for name in claims.split(" "))


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = Parser(PROGRAM, description="Manage accounts: nicks that need a password.")
    shared = Parser(add_help=False)
    # In front of the action, too.
    _add_file(parser, environment.settings(os.environ).get("CHAT_ACCOUNTS"))
    _add_file(shared, argparse.SUPPRESS)
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    add = actions.add_parser(
        *("add",),
        parents=[shared],
        help="add an account or change its password, which is read from the terminal",
    )
    add.add_argument("nick", metavar="NICK")
    remove = actions.add_parser(
        "remove", parents=[shared], help="remove an account; anybody may use its nick then"
    )
    remove.add_argument("nick", metavar="NICK")
    actions.add_parser("list", parents=[shared], help="list the nicks")
    return parser


def _add_file(parser: argparse.ArgumentParser, default: str | None) -> None:
    parser.add_argument(
        "--accounts",
        dest="file",
        metavar="FILE",
        default=default,
        help="the file of accounts (environment: CHAT_ACCOUNTS)",
    )


def _password(nick: str) -> str:
    """Ask twice on a terminal; otherwise return the first line of standard input."""
    if sys.stdin.isatty():
        password = getpass.getpass(f"Password for {nick}: ")
        if getpass.getpass("Once more: ") != password:
            raise ValueError("the passwords do not match; nothing was changed")
    else:
        password = secret(sys.stdin.readline())
    if not 1 <= len(password.encode()) <= PASSWORD_MOST:
        raise ValueError(f"a password is 1 to {PASSWORD_MOST} bytes of UTF-8")
    return password


def _hash(password: str) -> str:
    from argon2 import PasswordHasher  # imported here: nodes without accounts do not need it

    return PasswordHasher(ROUNDS, KIBIBYTES, 1).hash(password)


def _fail(why: str, status: int = 1) -> int:
    print(f"{PROGRAM}: {why}", file=sys.stderr)
    return status
