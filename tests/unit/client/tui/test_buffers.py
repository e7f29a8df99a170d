"""Windows: which there are, which is looked at, and what is kept in them."""

import pytest

from client.tui import buffers as module
from client.tui.buffers import Anchor, Buffer, Buffers
from client.tui.rows import Kind, Mark, Row


def row(text: str, position: str | None = None, **how: object) -> Row:
    """Something said."""
    return Row(Kind.SAID, text, "bo", 0, position, **how)  # type: ignore[arg-type]


def texts(window: Buffer) -> list[str]:
    """What stands in a window."""
    return [each.text for each in window.everything]


@pytest.fixture
def windows() -> Buffers:
    """Three windows; the first is looked at."""
    windows = Buffers()
    for name in ("general", "lab", "@bo"):
        windows.open(name)
    return windows


def test_before_the_first_room_there_is_a_window_too_and_it_becomes_that_of_the_room() -> None:
    windows = Buffers()
    windows.current.add(row("connecting"))
    assert windows.current.name == "" and len(windows) == 0
    windows.turn(1)
    windows.turn_to_number(1)
    general = windows.open("general")
    assert windows.current is general and texts(general) == ["connecting"]


def test_a_window_is_opened_once_however_its_name_is_written(windows: Buffers) -> None:
    assert windows.open("@Bo") is windows.get("@bo") and len(windows) == 3


def test_one_turns_by_number_by_name_and_around(windows: Buffers) -> None:
    windows.turn_to_number(2)
    assert windows.current.name == "lab"
    windows.turn(1)
    windows.turn(1)
    assert windows.current.name == "general"
    windows.turn(-1)
    assert windows.current.name == "@bo"
    windows.turn_to("lab")
    windows.turn_to("nowhere")
    windows.turn_to_number(9)
    assert windows.current.name == "lab"


@pytest.mark.parametrize(
    "closed, then", [("general", "lab"), ("lab", "@bo"), ("@bo", "lab"), ("nowhere", "general")]
)
def test_when_a_window_is_closed_its_neighbour_is_looked_at(
    windows: Buffers, closed: str, then: str
) -> None:
    windows.turn_to(closed)
    windows.close(closed)
    assert windows.current.name == then


def test_after_the_last_room_there_still_is_a_window(windows: Buffers) -> None:
    for name in ("general", "lab", "@bo"):
        windows.close(name)
    assert windows.current.name == "" and len(windows) == 0


def test_a_window_that_is_closed_while_it_is_scrolled_up_leaves_nothing_behind(
    windows: Buffers,
) -> None:
    windows.current.add(row("a"))
    windows.current.anchor = Anchor(windows.current.rows[0])
    windows.close("general")
    assert windows.current.anchor is None and texts(windows.open("general")) == []


def test_what_one_looks_at_is_read(windows: Buffers) -> None:
    lab = windows.open("lab")
    lab.unread, lab.mentions = 3, 1
    windows.turn_to("lab")
    assert (lab.unread, lab.mentions) == (0, 0)


def test_where_one_stopped_reading_is_remembered_until_one_turns_away_again(
    windows: Buffers,
) -> None:
    lab = windows.open("lab")
    lab.add(row("read"))
    lab.add(last := Row(Kind.NOTICE, "bo entered"))
    for called in (False, True, False):
        lab.miss(called)
        lab.add(row("new"))
    assert (lab.unread, lab.mentions) == (3, 1)
    windows.turn_to("lab")
    assert lab.unread_after is last and not lab.unread
    windows.turn(1)
    windows.turn(-1)
    assert lab.unread_after is None


def test_who_is_renamed_keeps_the_window(windows: Buffers) -> None:
    windows.rename("bo", "bob")
    assert [window.name for window in windows] == ["general", "lab", "@bob"]
    assert windows.get("@bo") is None and windows.get("@BOB") is not None
    windows.open("@eve")
    windows.rename("bob", "eve")
    windows.rename("nobody", "somebody")
    assert [window.name for window in windows] == ["general", "lab", "@bob", "@eve"]
    windows.rename("eve", "Eve")
    assert [window.name for window in windows][-1] == "@Eve"


def test_a_message_that_failed_takes_its_place_among_what_was_said() -> None:
    window = Buffer("general")
    window.pending["1"] = row("mine", mark=Mark.PENDING)
    window.add(row("other"))
    assert texts(window) == ["other", "mine"]
    window.fail("1", "No.")
    window.fail("unknown", "No.")
    assert not window.pending and [each.why for each in window.failed()] == ["No."]


def test_who_spoke_last_comes_last_among_the_nicks() -> None:
    window = Buffer("general")
    for nick in ("ana", "bo", "ana"):
        window.spoke(nick)
    assert list(window.nicks) == ["bo", "ana"]


def test_so_many_nicks_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_NICKS", 2)
    window = Buffer("general")
    for nick in ("ana", "bo", "ana", "eve"):
        window.came(nick)
    assert list(window.nicks) == ["bo", "eve"]


def test_older_rows_are_put_above_and_the_oldest_is_known() -> None:
    window = Buffer("general")
    window.add(row("notice"))
    window.add(row("c", "3"))
    assert window.oldest == "3"
    window.put_before([row("a", "1"), row("b", "2")], more=True)
    assert texts(window) == ["a", "b", "notice", "c"]
    assert window.oldest == "1" and window.fetched == {"1", "2"} and not window.is_whole
    window.put_before([], more=False)
    assert window.oldest == "1" and window.is_whole


def test_a_window_keeps_so_many_rows_and_twice_as_many_while_one_reads_further_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MOST_ROWS", 10)
    window = Buffer("general")
    window.put_before([row("old", "old")], more=False)
    for number in range(10):
        window.add(row(str(number), str(number)))
    assert texts(window) == [str(number) for number in range(1, 10)]
    assert window.oldest == "1" and window.fetched == set() and not window.is_whole
    window.anchor = Anchor(window.rows[0])
    for number in range(10, 21):
        window.add(row(str(number), str(number)))
    assert texts(window)[0] == "1"
    window.add(row("21", "21"))
    assert len(window.rows) == 9 and window.anchor == Anchor(window.rows[0])


def test_no_more_is_fetched_than_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ROWS", 2)
    window = Buffer("general")
    window.put_before([row(str(number)) for number in range(4)], more=True)
    assert window.is_whole
