"""The subcommands of `chat-node`: its first argument names one, or else it runs a node."""

from collections.abc import Callable, Sequence


def _account(argv: Sequence[str]) -> int:
    from node.cli import accounts

    return accounts.main(argv)


def _admin(argv: Sequence[str]) -> int:
    from node.cli import admin

    return admin.main(argv)


def _status(argv: Sequence[str]) -> int:
    from node.cli import admin

    return admin.main(["status", *argv], "chat-node")


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "account": _account,
    "admin": _admin,
    "status": _status,
}
"""Each takes the other arguments, and returns the exit status. It imports its module only when it
runs: a node needs none of them."""
