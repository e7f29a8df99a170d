"""Each kind of violation, planted into a recorded history, is told of; a good history is not."""

from collections.abc import Callable

import pytest

from tests.labs.faults.checker import REFUSED_AFTER
from tests.labs.faults.order import merge
from tests.labs.faults.record import (
    Acked,
    Dropped,
    Ended,
    Gap,
    Greeted,
    Joined,
    Kept,
    Record,
    Refused,
    Sent,
    Welcomed,
)
from tests.labs.faults.scene import ROOM, Scene
from tests.labs.faults.slow import judged
from tests.labs.faults.verdict import Kind, Rules


def test_a_good_history_has_no_violations() -> None:
    scene = Scene()
    scene.say("m1", "m2", "m3")
    scene.add(Dropped(scene.time(), 2, "cut"))
    scene.add(Welcomed(scene.time(), 2, "n2", True, "node"))
    scene.add(Joined(scene.time(), 2, ROOM, "p-m3"))
    scene.say("m4")
    scene.add(Ended(scene.time(), 3, "n3", "quit"))
    for session in (1, 2):
        scene.notice(session, "left", "n3", "l3", "quit")
    assert scene.kinds() == []


def lost_on_the_way(scene: Scene) -> None:
    """Acknowledged, kept, and never delivered to somebody who stayed: nothing comes after it."""
    scene.send("m2")
    scene.keep("m2")
    scene.deliver("m2", 1, 2)


def lost_from_the_log(scene: Scene) -> None:
    """Acknowledged and delivered, yet not in the log at the end."""
    scene.say("m2")
    scene.record.final[ROOM].pop()


def lost_altogether(scene: Scene) -> None:
    """Acknowledged, and never seen again."""
    scene.say("m2", "m3")
    scene.send("m4")
    scene.add(Acked(scene.time(), 1, ROOM, "m4", "p-m4"))


def lost_unseen(scene: Scene) -> None:
    """Acknowledged in a room where nobody else is, and not in the log at the end."""
    scene.record.final["attic"] = []
    scene.add(Sent(scene.time(), 1, 1, "attic", "m2"))
    scene.add(Acked(scene.time(), 1, "attic", "m2", "p-m2"))


def lost_notice(scene: Scene) -> None:
    """Somebody who stayed never hears that another one left."""
    scene.add(Ended(scene.time(), 3, "n3", "quit"))
    scene.notice(1, "left", "n3", "l3", "quit")


def doubled(scene: Scene) -> None:
    """Delivered twice to one session."""
    scene.say("m2")
    scene.deliver("m2", 3)


def doubled_after_resume(scene: Scene) -> None:
    """Delivered once more on the next connection, at another position."""
    scene.say("m2")
    scene.deliver("m2", 3, position="q")


def doubled_in_the_log(scene: Scene) -> None:
    """Appended twice."""
    scene.say("m2")
    scene.record.final[ROOM].append(Kept("m2", "q"))


def swapped_for_one(scene: Scene) -> None:
    """Two members see two messages in different order."""
    for id in ("m2", "m3"):
        scene.send(id)
        scene.keep(id)
    scene.deliver("m2", 1, 2)
    scene.deliver("m3")
    scene.deliver("m2", 3)


def swapped_by_author(scene: Scene) -> None:
    """All see two messages in one order, and their author sent them in the other."""
    scene.send("m2")
    scene.send("m3")
    for id in ("m3", "m2"):
        scene.keep(id)
        scene.deliver(id)


def swapped_on_resend(scene: Scene) -> None:
    """An author who sends all again in order, elsewhere, sees them turned round."""
    for connection in (1, 2):
        scene.send("m2", connection)
        scene.send("m3", connection)
    for id in ("m3", "m2"):
        scene.keep(id)
        scene.deliver(id)


def moved(scene: Scene) -> None:
    """A message stands elsewhere than was said, though nothing was forgotten."""
    scene.say("m2")
    scene.record.final[ROOM][-1] = Kept("m2", "q")


def skipped(scene: Scene) -> None:
    """A hole, and no gap; it came later, so nothing is lost."""
    for id in ("m2", "m3"):
        scene.send(id)
        scene.keep(id)
    scene.deliver("m2", 1, 2)
    scene.deliver("m3")


def skipped_notice(scene: Scene) -> None:
    """A hole where somebody left."""
    scene.add(Ended(scene.time(), 3, "n3", "quit"))
    scene.notice(1, "left", "n3", "l3", "quit")
    scene.say("m2")


def skipped_at_resume(scene: Scene) -> None:
    """A continued session goes on at another position than it asked for."""
    scene.add(Joined(scene.time(), 2, ROOM, "elsewhere"))


def false_gap(scene: Scene) -> None:
    """A gap, though nothing is ever trimmed."""
    scene.add(Gap(scene.time(), 2, ROOM, "p-m1", "p-m2"))
    scene.say("m2")


def nick_held_twice(scene: Scene) -> None:
    """A second session gets a nick that another one holds."""
    scene.add(Welcomed(scene.time(), 4, "n2", False, "node"))


def nick_held_twice_for_a_while(scene: Scene) -> None:
    """The same, and the second one ends before the first does anything more."""
    scene.add(Welcomed(scene.time(), 4, "n2", False, "node"))
    scene.add(Ended(scene.time(), 4, "n2", "quit"))


def not_continued(scene: Scene) -> None:
    """A session that came back in time is begun anew."""
    scene.add(Welcomed(scene.time(), 2, "n2", False, "node"))


def refused_for_good(scene: Scene) -> None:
    """A member is told that it is none."""
    scene.send("m2")
    scene.add(Refused(scene.time(), 1, 1, "m2", "not-in-room"))


def spurious_left(scene: Scene) -> None:
    """Others see somebody leave who stays."""
    for session in (1, 3):
        scene.notice(session, "left", "n2", "l2", "lost")


def entered_twice(scene: Scene) -> None:
    """Others see somebody enter who is there."""
    for session in (1, 3):
        scene.notice(session, "entered", "n2", "e2b")


def entered_missing(scene: Scene) -> None:
    """Nobody sees somebody enter."""
    scene.add(Greeted(scene.time(), 4))
    scene.add(Welcomed(scene.time(), 4, "n4", False, "node"))
    scene.add(Joined(scene.time(), 4, ROOM, "e4"))


def left_missing(scene: Scene) -> None:
    """Nobody sees somebody leave who went away for good."""
    scene.add(Ended(scene.time(), 3, "n3", "lost"))


def left_twice(scene: Scene) -> None:
    """Somebody leaves twice."""
    scene.add(Ended(scene.time(), 3, "n3", "lost"))
    for at in ("l3", "l3b"):
        for session in (1, 2):
            scene.notice(session, "left", "n3", at, "lost")


def listed_wrongly(scene: Scene) -> None:
    """Somebody who stays is not among the members."""
    scene.record.members[ROOM] = ["n1", "n3"]


def stranger(scene: Scene) -> None:
    """Somebody leaves who never was there."""
    for session in (1, 2, 3):
        scene.notice(session, "left", "nobody", "l", "lost")


@pytest.mark.parametrize(
    ("plant", "kinds"),
    [
        (lost_on_the_way, [Kind.LOST]),
        (lost_from_the_log, [Kind.LOST]),
        (lost_altogether, [Kind.LOST]),
        (lost_unseen, [Kind.LOST]),
        (lost_notice, [Kind.LOST]),
        (doubled, [Kind.DOUBLED]),
        (doubled_after_resume, [Kind.DISORDER, Kind.DOUBLED]),
        (doubled_in_the_log, [Kind.DISORDER, Kind.DOUBLED]),
        (swapped_for_one, [Kind.DISORDER, Kind.SKIPPED]),
        (swapped_by_author, [Kind.DISORDER]),
        (swapped_on_resend, [Kind.DISORDER]),
        (moved, [Kind.DISORDER]),
        (skipped, [Kind.LOST, Kind.SKIPPED]),
        (skipped_notice, [Kind.SKIPPED]),
        (skipped_at_resume, [Kind.SKIPPED]),
        (false_gap, [Kind.GAP]),
        (nick_held_twice, [Kind.NICK]),
        (nick_held_twice_for_a_while, [Kind.NICK]),
        (not_continued, [Kind.SESSION]),
        (refused_for_good, [Kind.SESSION]),
        (spurious_left, [Kind.PRESENCE]),
        (entered_twice, [Kind.PRESENCE]),
        (entered_missing, [Kind.PRESENCE]),
        (left_missing, [Kind.PRESENCE]),
        (left_twice, [Kind.PRESENCE]),
        (listed_wrongly, [Kind.PRESENCE]),
        (stranger, [Kind.PRESENCE]),
    ],
)
def test_a_planted_violation_is_told(plant: Callable[[Scene], None], kinds: list[Kind]) -> None:
    scene = Scene()
    scene.say("m1")
    plant(scene)
    assert scene.kinds() == kinds


def test_a_message_that_was_refused_may_be_overtaken() -> None:
    scene = Scene()
    scene.send("m1")
    scene.send("m2")
    scene.add(Refused(scene.time(), 1, 1, "m1", "unavailable"))
    scene.keep("m2")
    scene.deliver("m2")
    scene.say("m1")
    assert scene.kinds() == []


def test_so_may_one_whose_refusal_may_have_been_lost_with_the_connection() -> None:
    def sent_again(after: float) -> list[Kind]:
        scene = Scene()
        scene.send("m1")
        scene.send("m2")
        scene.add(Dropped(scene.time(), 1, "cut"))
        scene.add(Welcomed(scene.time(), 1, "n1", True, "node"))
        scene.now += after
        scene.send("m1", connection=2)
        scene.send("m2", connection=2)
        for id in ("m2", "m1"):
            scene.keep(id)
            scene.deliver(id)
        return scene.kinds()

    assert sent_again(REFUSED_AFTER) == []
    assert sent_again(REFUSED_AFTER - 5.0) == [Kind.DISORDER]


def test_what_a_forgetful_broker_moved_is_no_violation_and_may_not_come_again() -> None:
    def forgetful(again: bool, author: int = 2) -> list[Kind]:
        scene = Scene()
        scene.say("m1")
        scene.send("m2")
        scene.add(Acked(scene.time(), 1, ROOM, "m2", "p-m2"))
        scene.deliver("m2", 1, 2)
        scene.send("m3", session=author)  # In the place of m2, by a node that did not know of it.
        scene.keep("m3")
        scene.deliver("m3")
        scene.keep("m2", "q")
        scene.deliver("m2", *((2, 3) if again else (3,)), position="q")
        return scene.kinds(Rules(forgetful=True))

    assert forgetful(again=False) == []
    assert forgetful(again=True) == [Kind.DOUBLED]
    assert forgetful(again=False, author=1) == [Kind.DISORDER]


def test_two_sessions_may_hold_a_nick_one_after_the_other() -> None:
    scene = Scene()
    scene.add(Ended(scene.time(), 3, "n3", "quit"))
    for session in (1, 2):
        scene.notice(session, "left", "n3", "l3", "quit")
    scene.add(Welcomed(scene.time(), 4, "n3", False, "node"))
    assert scene.kinds() == []


def test_one_order_is_put_together_from_parts() -> None:
    assert merge(["a", "c"], [["a", "b", "c"], ["x", "a"], ["c", "d", None, "y"]]) == [
        *("x", "a", "b", "c"),
        *("d", "y"),
    ]


def test_a_node_that_grows_too_much_is_told() -> None:
    assert judged(3.9) == []
    assert [violation.kind for violation in judged(4.0)] == [Kind.MEMORY]


def test_time_without_service_is_told_in_all_and_after_redis_was_back() -> None:
    record = Record()
    record.served(10.0, 10.01)
    assert (record.longest(), record.longest_after([10.0])) == (0.0, 0.0)
    record.served(10.0, 13.0)
    record.served(11.0, 13.5)
    assert (record.longest(), record.longest_after([12.0, 14.0])) == (3.0, 1.5)
