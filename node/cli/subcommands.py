"""What `chat-node` does besides running a node: the first word of the command line says it."""

from collections.abc import Callable, Sequence


def _account(argv: Sequence[str]) -> int:
    from node.auth import accounts_file  # which few nodes need

    return accounts_file.main(argv)


def _admin(argv: Sequence[str]) -> int:
    from node.cli import admin  # which no node needs

    return admin.main(argv)


def _status(argv: Sequence[str]) -> int:
    from node.cli import admin

    return admin.main(["status", *argv], "chat-node")


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "account": _account,
    "admin": _admin,
    "status": _status,
}
"""Each takes the rest of the command line, and returns the exit status."""
