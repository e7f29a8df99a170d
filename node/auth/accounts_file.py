"""Accounts: nicks that only who knows their passwords may use; the file and its command line."""

import argparse
import getpass
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from node.core.names import confusables, names

PROGRAM = "chat-node account"
PASSWORD_MOST = 1024
"""Longest password in bytes: a hello with it has to fit a line."""
ROUNDS, KIBIBYTES = 2, 19 * 1024
"""What one guess costs, as OWASP recommends at least: more would be paid by the node too, whenever
somebody begins a session."""


@dataclass(frozen=True, slots=True)
class Account:
    """A nick as its owner writes it, and the Argon2 hash of the password."""

    nick: str
    hash: str


def read(path: str) -> list[Account]:
    """Return the accounts in a file of lines NICK:HASH. Raises ValueError that names the line."""
    try:
        lines = Path(path).read_bytes().decode().split("\n")
    except OSError as error:
        raise ValueError(error.strerror) from None
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    found = []
    for number, line in enumerate(lines, 1):
        nick, colon, hashed = line.strip().partition(":")
        if not nick and not colon:
            continue
        try:
            written, _ = names.take(nick)
        except names.BadName as error:
            raise ValueError(f"line {number}: {error}") from None
        if not hashed.startswith("$argon2id$"):
            raise ValueError(f"line {number} is not NICK:HASH, as chat-node account add writes it")
        found.append(Account(written, hashed))
    return found


def write(path: str, accounts: Sequence[Account]) -> None:
    """Replace a file, all of it or nothing, readable for its owner alone."""
    target = Path(path).resolve()
    text = "".join(f"{account.nick}:{account.hash}\n" for account in accounts)
    # mkstemp makes it with mode 0600.
    number, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with open(number, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(number)
        os.replace(name, target)
    except BaseException:
        os.unlink(name)
        raise


def taken_up(accounts: Sequence[Account]) -> dict[str, Account]:
    """Return the accounts by each name that their nicks take up, looks included."""
    return {name: one for one in accounts for name in names.claims(one.nick).split(" ")}


def _alike(claims: str, others: Sequence[Account], new: bool) -> bool:
    """Say whether a nick looks like that of another account, for a ``new`` one within ASCII too."""

    def look(name: str) -> str:
        return confusables.plain(name) if new else name

    taken = {look(name) for name in taken_up(others)}
    return any(look(name) in taken for name in claims.split(" "))


def main(argv: Sequence[str]) -> int:
    """Add, remove or list accounts; return the exit status."""
    options = _parser().parse_args(argv)
    if not options.file:
        return _fail("no file: --accounts FILE, or CHAT_ACCOUNTS, names it", 2)
    try:
        exists = Path(options.file).exists()
        accounts = read(options.file) if exists or options.action != "add" else []
        if options.action == "list":
            print("".join(f"{account.nick}\n" for account in accounts), end="")
            return 0
        nick, claims = names.take(options.nick)
        fold = names.fold(nick)
        others = [account for account in accounts if names.fold(account.nick) != fold]
        if options.action == "remove":
            if len(others) == len(accounts):
                return _fail(f"there is no account {nick}")
            write(options.file, others)
            return 0
        if _alike(claims, others, new=len(others) == len(accounts)):
            return _fail(f"the nick {nick} looks like that of another account")
        write(options.file, [*others, Account(nick, _hash(_password(nick)))])
    except (OSError, ValueError) as error:
        return _fail(f"{options.file}: {error}" if isinstance(error, OSError) else str(error))
    except (KeyboardInterrupt, EOFError):
        return _fail("nothing was changed")
    print(f"Kept. Running nodes read it on SIGHUP; who uses {nick} now keeps it until they leave.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(PROGRAM, description="Accounts: nicks with a password.")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "--accounts",
        dest="file",
        metavar="FILE",
        default=os.environ.get("CHAT_ACCOUNTS"),
        help="the file of accounts (environment: CHAT_ACCOUNTS)",
    )
    actions = parser.add_subparsers(dest="action", required=True)
    add = actions.add_parser(
        *("add",), parents=[shared], help="make one, or change its password; read from the terminal"
    )
    add.add_argument("nick", metavar="NICK")
    remove = actions.add_parser("remove", parents=[shared], help="let anybody have the nick")
    remove.add_argument("nick", metavar="NICK")
    actions.add_parser("list", parents=[shared], help="print the nicks")
    return parser


def _password(nick: str) -> str:
    """Ask twice on a terminal; elsewhere the first line of standard input is the password."""
    if sys.stdin.isatty():
        password = getpass.getpass(f"Password for {nick}: ")
        if getpass.getpass("Once more: ") != password:
            raise ValueError("these were two different passwords; nothing was changed")
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if not 1 <= len(password.encode()) <= PASSWORD_MOST:
        raise ValueError(f"a password is 1 to {PASSWORD_MOST} bytes of UTF-8")
    return password


def _hash(password: str) -> str:
    from argon2 import PasswordHasher  # which no node without accounts needs

    return PasswordHasher(ROUNDS, KIBIBYTES, 1).hash(password)


def _fail(why: str, status: int = 1) -> int:
    print(f"{PROGRAM}: {why}", file=sys.stderr)
    return status
