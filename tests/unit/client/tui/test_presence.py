"""People who enter and leave, in the rows of a room and in its list of people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.tui import buffers
from client.tui.buffers import Buffer
from client.tui.filters import Filters
from client.tui.presence import LONGEST_RUN, MOST_FOLDED, Presence, Run, folded
from client.tui.rows import Kind, Row
from tests.support.hostile import assert_harmless, hostile
from wire import messages as m


class Room:
    """A room, and who enters and leaves it."""

    def __init__(self, filters: Filters | None = None) -> None:
        self.buffer = Buffer("lab")
        self.buffer.people.joined(1, quiet=False)
        self._presence = Presence(filters or Filters())
        self._count = 0

    def enter(self, *nicks: str) -> None:
        """Let people enter."""
        for nick in nicks:
            self._count += 1
            event = m.Entered(room="lab", position=f"p{self._count}", at=self._count, nick=nick)
            self._presence.entered(self.buffer, event)

    def leave(self, *nicks: str, reason: str = "left") -> None:
        """Let people leave."""
        for nick in nicks:
            self._count += 1
            event = m.Left(
                room="lab", position=f"p{self._count}", at=self._count, nick=nick, reason=reason
            )
            self._presence.left(self.buffer, event)

    def rename(self, old: str, new: str) -> None:
        """Let somebody take another nick."""
        event = m.Renamed(room="lab", position="r", at=1, from_=old, nick=new)
        self._presence.renamed(self.buffer, event)

    @property
    def texts(self) -> list[str]:
        """What is shown in the room."""
        return [row.text for row in self.buffer.rows]


def test_one_who_leaves_is_told_with_the_reason() -> None:
    room = Room()
    room.leave("bo", reason="lost")
    assert room.texts == ["bo lost the connection"]


def test_fifty_who_enter_are_one_row() -> None:
    room = Room()
    room.enter(*(f"n{number}" for number in range(50)))
    assert room.texts == ["n0, n1, n2 and 47 others entered"]
    (row,) = room.buffer.rows
    assert (row.position, row.at) == ("p1", 50)


def test_a_run_names_who_entered_who_left_and_who_did_both() -> None:
    room = Room()
    room.enter("ana", "bo", "cy")
    room.leave("dan", "bo")
    room.leave("eve")
    room.enter("eve")
    assert room.texts == [
        "ana and cy entered; dan left; bo entered and left; eve left and came back"
    ]


def test_a_message_ends_a_run() -> None:
    room = Room()
    room.enter("ana", "bo")
    room.buffer.add(Row(Kind.MESSAGE, "hi", "bo"))
    room.enter("cy")
    assert room.texts == ["ana and bo entered", "hi", "cy entered"]


def test_a_new_nick_has_a_row_of_its_own() -> None:
    room = Room()
    room.enter("ana")
    room.rename("ana", "anna")
    room.leave("anna")
    assert room.texts == ["ana entered", "ana is now called anna", "anna left"]


def test_a_full_run_is_followed_by_another_one() -> None:
    room = Room()
    room.enter(*(f"n{number}" for number in range(MOST_FOLDED + 1)))
    assert room.texts == ["n0, n1, n2 and 197 others entered", "n200 entered"]


def test_only_the_run_that_grows_keeps_its_people() -> None:
    room = Room()
    room.enter("ana", "bo")
    room.buffer.add(Row(Kind.MESSAGE, "hi", "bo"))
    room.enter("cy")
    kept = [len(row.steps) for row in room.buffer.rows if isinstance(row, Run)]
    assert kept == [0, 1]


def test_a_run_counts_with_its_whole_text_for_what_a_room_keeps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(buffers, "MOST_CHARACTERS", 2000)
    room = Room()
    for number in range(20):
        room.enter(*(f"{number}-{count}" + "n" * 100 for count in range(4)))
        room.buffer.add(Row(Kind.MESSAGE, "hi", "bo"))
        assert sum(map(len, room.texts)) <= 2000


def test_the_setting_hides_who_enters_and_leaves_but_counts_them() -> None:
    room = Room(Filters(presence=False))
    room.enter("bo", "cy")
    room.leave("cy")
    assert room.texts == []
    assert room.buffer.people.number == 2 and list(room.buffer.nicks) == ["bo"]


def test_an_ignored_person_comes_and_goes_unseen_under_a_new_nick_too() -> None:
    filters = Filters(ignored=["Bo"])
    room = Room(filters)
    room.enter("bo", "cy")
    room.rename("bo", "bob")
    room.leave("bob")
    assert room.texts == ["cy entered"] and filters.ignored == ["Bo", "bob"]


@given(st.dictionaries(hostile, st.sampled_from(["+", "-", "+-", "-+"])))
def test_nicks_are_harmless_in_a_run(steps: dict[str, str]) -> None:
    assert_harmless(folded(steps))


def entered(nick: str, at: int) -> m.Entered:
    """Somebody who entered at a time."""
    return m.Entered(room="lab", position=f"p-{nick}", at=at, nick=nick)


def test_one_who_entered_earlier_and_is_told_later_does_not_set_the_clock_back() -> None:
    room, presence = Buffer("lab"), Presence(Filters())
    presence.entered(room, entered("ana", 90_000))
    presence.entered(room, entered("bo", 10_000))
    (row,) = room.rows
    assert (row.text, row.at, row.is_late) == ("ana and bo entered", 90_000, False)


def test_those_who_enter_after_a_late_row_get_a_row_of_their_own() -> None:
    room, presence = Buffer("lab"), Presence(Filters())
    room.add(Row(Kind.MESSAGE, "hi", "cy", 90_000, "p1"))
    presence.entered(room, entered("ana", 10_000))
    presence.entered(room, entered("bo", 91_000))
    assert [(row.text, row.is_late) for row in room.rows[1:]] == [
        ("ana entered", True),
        ("bo entered", False),
    ]


def test_a_run_keeps_the_time_of_its_first_step() -> None:
    room, presence = Buffer("lab"), Presence(Filters())
    presence.entered(room, entered("ana", 60_000))
    presence.entered(room, entered("bo", 60_000 + LONGEST_RUN))
    (row,) = room.rows
    assert (row.since, row.at) == (60_000, 60_000 + LONGEST_RUN)


@pytest.mark.parametrize("later", [LONGEST_RUN + 1, -LONGEST_RUN - 1])
def test_a_step_of_another_time_has_a_row_of_its_own(later: int) -> None:
    room, presence = Buffer("lab"), Presence(Filters())
    presence.entered(room, entered("ana", 2 * LONGEST_RUN))
    presence.entered(room, entered("bo", 2 * LONGEST_RUN + later))
    assert [row.text for row in room.rows] == ["ana entered", "bo entered"]
