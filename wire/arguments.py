"""The parser of the command lines: an error is one line, and status 2."""

from argparse import ArgumentParser
from typing import NoReturn


class Parser(ArgumentParser):
    """Reports errors in one line, without the usage."""

    def error(self, message: str) -> NoReturn:
        """Exit with status 2."""
        # argparse offers no better way to tell this mistake from the others.
        if message.startswith("unrecognized arguments"):
            # The value is left out: behind a mistyped --token it is a secret.
            message = f"{message.partition('=')[0]} (see --help)"
        self.exit(2, f"{self.prog}: {message}\n")
