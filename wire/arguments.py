"""The command lines of client and node: a mistake is one line, and status 2."""

from argparse import ArgumentParser
from typing import NoReturn


class Parser(ArgumentParser):
    """A parser that says what is wrong in one line, without the usage."""

    def error(self, message: str) -> NoReturn:
        """End the process."""
        self.exit(2, f"{self.prog}: {message}\n")
