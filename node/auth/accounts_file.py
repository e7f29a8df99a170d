"""The file of accounts: nicks that only their owners may use, with hashes of the passwords."""

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from node.core.names import names


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
    """Replace a file atomically; only its owner may read it."""
    target = Path(path).resolve()
    text = "".join(f"{account.nick}:{account.hash}\n" for account in accounts)
    # mkstemp creates it with mode 0600.
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


def by_claim(accounts: Sequence[Account]) -> dict[str, Account]:
    """Return the accounts by each key that their nicks reserve, confusable forms included."""
    return {name: one for one in accounts for name in names.claims(one.nick).split(" ")}
