"""The states of a connection, and how a request is taken in them."""

from collections.abc import Callable
from enum import Enum
from typing import Any, NamedTuple

EARLY_TYPES = ("hello", "ping", "pong", "quit")
"""The types of requests that may come before welcome, as the protocol writes them."""


class State(Enum):
    """Where a connection is in its life."""

    NEW = "no hello yet"
    GREETING = "the broker has been asked about a hello"
    WELCOME = "holds a session"
    LEAVING = "ends when the requests under way are answered"
    ENDED = "over"


class StateRow(NamedTuple):
    """How a request is taken.

    ``early``: before the `welcome` too. ``counted``: for the rate limit. ``urgent``: ahead of those
    that wait. ``overlaps``: with others of its kind. ``last``: also while the connection ends.
    """

    run: Callable[[Any, Any, float], None]
    early: bool = False
    counted: bool = True
    urgent: bool = False
    overlaps: bool = False
    last: bool = False
