"""What the checker makes of logs that are trimmed: what is trimmed is no loss, and only that."""

import pytest

from tests.labs.faults.checker import check
from tests.labs.faults.order import merge
from tests.labs.faults.record import (
    Acked,
    Delivered,
    Dropped,
    Ended,
    Gap,
    Greeted,
    Joined,
    Sent,
    Welcomed,
)
from tests.labs.faults.scene import ROOM, Scene
from tests.labs.faults.verdict import Kind, Rules


def told(scene: Scene, *ids: str, sessions: tuple[int, ...] = (1, 2)) -> None:
    """Let messages be sent, kept, and delivered to some."""
    for id in ids:
        scene.send(id)
        scene.keep(id)
        if sessions:
            scene.deliver(id, *sessions)


@pytest.mark.parametrize(("kept", "kinds"), [(3, []), (4, [Kind.GAP, Kind.LOST])])
def test_a_gap_is_true_when_what_it_leaves_out_is_not_kept_any_more(
    kept: int, kinds: list[Kind]
) -> None:
    scene = Scene()
    scene.say("m1")
    for id in ("m2", "m3", "m4", "m5", "m6"):
        scene.send(id)
        scene.keep(id)
        scene.deliver(id, 1, 2)
    scene.add(Gap(scene.time(), 3, ROOM, "p-m1", "p-m4"))
    for id in ("m4", "m5", "m6"):
        scene.deliver(id, 3)
    del scene.record.final[ROOM][:-kept]
    assert scene.kinds(Rules(kept=kept)) == kinds


@pytest.mark.parametrize(("kept", "kinds"), [(3, []), (4, [Kind.GAP, Kind.LOST])])
def test_a_gap_may_begin_at_an_entry_that_nobody_was_told_of(kept: int, kinds: list[Kind]) -> None:
    scene = Scene()
    # Its own `entered` is what the first session knows, and all it knows.
    scene.record.events = [
        event
        for event in scene.record.events
        if not (isinstance(event, Delivered) and event.session == 1)
    ]
    told(scene, "m1", "m2", "m3", "m4", "m5", "m6", sessions=(2, 3))
    scene.add(Gap(scene.time(), 1, ROOM, "e1", "p-m4"))
    for id in ("m4", "m5", "m6"):
        scene.deliver(id, 1)
    del scene.record.final[ROOM][:-kept]
    assert scene.kinds(Rules(kept=kept)) == kinds


def test_a_gap_must_name_what_comes_after_it() -> None:
    scene = Scene()
    scene.say("m1", "m2")
    scene.add(Gap(scene.time(), 3, ROOM, "p-m2", "p-m9"))
    scene.say("m3")
    assert Kind.GAP in scene.kinds(Rules(kept=1))


def test_a_gap_is_reported_once_whatever_follows_it() -> None:
    scene = Scene()
    scene.say("m1", "m2")
    scene.add(Gap(scene.time(), 3, ROOM, "p-m2", "p-m9"))
    for id in ("m3", "m4"):
        # Entries that were put back elsewhere have no known place in the order.
        scene.send(id)
        scene.keep(id, f"q-{id}")
        scene.deliver(id, 1, 2)
        scene.deliver(id, 3, position=f"q-{id}")
    found = check(scene.record, Rules(kept=1))
    assert [str(one.kind) for one in found if "is not followed by" in one.text] == [str(Kind.GAP)]


def test_a_gap_before_an_entry_that_was_put_back_elsewhere_is_followed_by_it() -> None:
    scene = Scene()
    scene.say("m1", "m2")
    scene.send("m3")
    scene.keep("m3", "q-m3")
    scene.deliver("m3", 1, 2)
    scene.add(Gap(scene.time(), 3, ROOM, "p-m2", "q-m3"))
    scene.deliver("m3", 3, position="q-m3")
    scene.say("m4")
    found = check(scene.record, Rules(kept=1))
    assert not any("is not followed by" in one.text for one in found)


def test_a_trimmed_log_still_holds_the_newest_entries() -> None:
    scene = Scene()
    scene.say("m1", "m2", "m3")
    del scene.record.final[ROOM][0]
    assert scene.kinds(Rules(kept=2)) == []
    assert scene.kinds(Rules(kept=3)) == [Kind.LOST]


def test_what_nobody_was_told_of_before_it_was_trimmed_is_not_lost() -> None:
    def unseen(kept: int) -> list[Kind]:
        """All miss m2 and m3, and go on behind a gap."""
        scene = Scene()
        scene.say("m1")
        told(scene, "m2", "m3", "m4", "m5", "m6", sessions=())
        for session in (1, 2, 3):
            scene.add(Gap(scene.time(), session, ROOM, "p-m1", "p-m4"))
        for id in ("m4", "m5", "m6"):
            scene.deliver(id)
        del scene.record.final[ROOM][:3]
        return scene.kinds(Rules(kept=kept))

    assert unseen(kept=3) == []
    assert unseen(kept=4) == [Kind.LOST]  # m3; where it stood, nobody can say.


def test_a_gap_that_nothing_follows_excuses_what_was_trimmed_and_nothing_else() -> None:
    def ending(kept: int) -> list[Kind]:
        scene = Scene()
        scene.say("m1")
        told(scene, "m2", "m3", "m4", "m5", sessions=(1, 2))
        scene.add(Gap(scene.time(), 3, ROOM, "p-m1", "p-m5"))
        del scene.record.final[ROOM][:-1]
        return scene.kinds(Rules(kept=kept))

    assert Kind.LOST in ending(kept=1)  # The newest entry is kept, and never came.
    assert ending(kept=4) == [Kind.LOST]


def test_who_is_connected_all_the_time_has_to_get_what_is_trimmed_later() -> None:
    scene = Scene()
    told(scene, "m1", "m2", sessions=(1, 2, 3))
    told(scene, "m3", sessions=(1, 2))
    told(scene, *(f"m{n}" for n in range(4, 20)), sessions=(1, 2, 3))
    del scene.record.final[ROOM][:-2]
    assert scene.kinds(Rules(kept=2)) == [Kind.LOST, Kind.SKIPPED]


def test_a_gap_excuses_nothing_that_was_sent_after_it() -> None:
    scene = Scene()
    told(scene, "m1", "m2", "m3", sessions=(1, 2))
    scene.add(Gap(scene.time(), 3, ROOM, "e3", "p-m3"))
    scene.deliver("m3", 3)
    told(scene, "m4", sessions=())
    told(scene, "m5", "m6", "m7", sessions=(1, 2, 3))
    del scene.record.final[ROOM][:-2]
    assert scene.kinds(Rules(kept=1)) == [Kind.LOST]


def test_a_hole_in_what_a_log_keeps_is_told_however_many_entries_follow() -> None:
    scene = Scene()
    scene.say("m1", "m2", "m3", "m4", "m5")
    del scene.record.final[ROOM][1]
    assert scene.kinds(Rules(kept=2)) == [Kind.LOST]


def test_who_only_looks_at_a_log_pushes_out_what_is_older() -> None:
    scene = Scene()
    scene.say("m1", "m2", "m3", "m4")
    del scene.record.final[ROOM][:2]
    assert scene.kinds(Rules(kept=4)) == [Kind.LOST]
    scene.record.visits[ROOM] = 2
    assert scene.kinds(Rules(kept=4)) == []
    del scene.record.final[ROOM][:1]
    assert scene.kinds(Rules(kept=4)) == [Kind.LOST]


def test_so_does_a_notice_that_nobody_was_told_of() -> None:
    def quiet(notice: bool) -> list[Kind]:
        scene = Scene()
        scene.say("m1", "m2", "m3")
        if notice:
            scene.add(Greeted(scene.time(), 4))
            scene.add(Welcomed(scene.time(), 4, "n4", False, "node"))
            scene.add(Joined(scene.time(), 4, ROOM, "e4"))
        del scene.record.final[ROOM][:1]
        return scene.kinds(Rules(kept=3))

    assert quiet(notice=False) == [Kind.LOST]
    assert quiet(notice=True) == [Kind.PRESENCE]  # That nobody was told of it, of course.


def test_what_was_acknowledged_in_a_room_where_nobody_is_may_be_trimmed_too() -> None:
    def alone(kept: int) -> list[Kind]:
        scene = Scene()
        scene.record.final["attic"] = []
        for n in range(4):
            scene.add(Sent(scene.time(), 1, 1, "attic", f"a{n}"))
            scene.add(Acked(scene.time(), 1, "attic", f"a{n}", f"p-a{n}"))
        scene.record.final["attic"] = [(f"a{n}", f"p-a{n}") for n in (2, 3)]  # type: ignore[misc]
        return scene.kinds(Rules(kept=kept))

    assert alone(kept=2) == []
    assert alone(kept=3) == [Kind.LOST]


def test_a_resumed_session_may_have_a_gap_and_then_live_entries() -> None:
    scene = Scene()
    scene.say("m1")
    scene.add(Dropped(scene.time(), 3, "cut"))
    told(scene, "m2", "m3", "m4", sessions=(1, 2))
    scene.add(Welcomed(scene.time(), 3, "n3", True, "node"))
    scene.add(Joined(scene.time(), 3, ROOM, "p-m1"))
    scene.add(Gap(scene.time(), 3, ROOM, "p-m1", "p-m3"))
    scene.deliver("m3", 3)
    scene.deliver("m4", 3)
    scene.say("m5")
    scene.add(Ended(scene.time(), 2, "n2", "quit"))
    for session in (1, 3):
        scene.notice(session, "left", "n2", "l2", "quit")
    del scene.record.final[ROOM][:-2]
    assert scene.kinds(Rules(kept=2)) == []


def test_what_is_older_than_all_that_is_kept_finds_its_place_by_those_who_saw_both() -> None:
    assert merge(["f"], [["a", "b", "c", "d"], ["d", "e", "f"]]) == ["a", "b", "c", "d", "e", "f"]


def test_nobody_need_have_seen_who_left_before_a_gap_that_all_were_told_of() -> None:
    def leaving(*gapped: int) -> list[Kind]:
        scene = Scene()
        scene.say("m1")
        scene.add(Ended(scene.time(), 3, "n3", "quit"))
        told(scene, "m2", "m3", sessions=())
        for session in (1, 2):
            if session in gapped:
                scene.add(Gap(scene.time(), session, ROOM, "p-m1", "p-m3"))
            else:
                scene.deliver("m2", session)
            scene.deliver("m3", session)
        del scene.record.final[ROOM][:-1]
        return scene.kinds(Rules(kept=1))

    assert leaving(1, 2) == []
    assert leaving(1) == [Kind.PRESENCE]
