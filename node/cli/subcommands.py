"""The subcommands of `chat-node`: its first argument names one, or else it runs a node."""

from argparse import ArgumentParser
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


def _account_parser() -> ArgumentParser:
    from node.cli import accounts

    return accounts.make_parser()


def _admin_parser() -> ArgumentParser:
    from node.cli import admin

    return admin.make_parser()


def _status_parser() -> ArgumentParser:
    from node.cli import admin

    return admin.make_status_parser()


PARSERS: dict[str, Callable[[], ArgumentParser]] = {
    "status": _status_parser,
    "admin": _admin_parser,
    "account": _account_parser,
}
"""Each returns the parser of a command, for the script that completes it in a shell."""
