"""The network between a node and Redis."""

from contextvars import Context
from typing import Protocol

from redis import exceptions

from tests.labs.simulation.ambush import Ambush
from tests.labs.simulation.loop import VirtualLoop

LOST = (exceptions.ConnectionError, exceptions.TimeoutError)
"""How redis-py tells that a connection is lost."""


class Weather(Protocol):
    """How the network between a node and Redis is just now."""

    cut_until: float
    """When something gets through again."""
    context: Context
    dead: bool
    ambush: Ambush | None

    @property
    def trouble(self) -> float:
        """How likely a pipeline goes wrong."""

    def delay(self) -> float:
        """Return the seconds that something is under way."""


class Wire:
    """One way of a connection: what is put in comes out later, in order."""

    def __init__(self, loop: VirtualLoop, weather: Weather) -> None:
        self._loop = loop
        self._weather = weather
        self._last = 0.0

    def at(self, pause: float = 0.0) -> float:
        """Return when what is put in after a pause comes out: as soon as something gets through."""
        start = max(self._loop.now + pause, self._weather.cut_until)
        self._last = max(self._last + 1e-6, start + self._weather.delay())
        return self._last
