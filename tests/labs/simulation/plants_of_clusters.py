"""Bugs to be planted in how a node finds the servers of a cluster; test_planted.py does it."""

from node.brokers.routing import Refused, Routing
from node.brokers.subscriptions import Subscriptions
from tests.labs.simulation.plants import Patch
from tests.labs.simulation.plants_of_seats import Told


def leaving_subscriptions(patch: Patch) -> None:
    """Leave subscriptions at the servers that had their slots before."""
    patch.setattr(Subscriptions, "spread", lambda _subscriptions: None)


def forgetting_refused_calls(patch: Patch) -> None:
    """Make a call not again that a server did not run because of its slot."""
    ended = Routing.ended

    def planted(routing: Routing, number: int, ran: bool, refused: Refused, failed: bool) -> None:
        pipeline = routing._shards.all[number].pipeline
        gone = {id(call) for call, _ in refused}
        pipeline.release(lambda call: id(call) not in gone)
        ended(routing, number, ran, refused, failed)

    patch.setattr(Routing, "ended", planted)


PLANTS: dict[str, Told] = {
    "subscriptions do not follow their slots": Told(("deaf",), leaving_subscriptions, 20),
    "a call is forgotten whose slot has moved": Told(
        ("stuck", "lost", "late"), forgetting_refused_calls, 20
    ),
}
"""By what is wrong."""
