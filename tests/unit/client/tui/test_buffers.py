"""Buffers: which there are, which is looked at, and what is kept in them."""

import pytest

from client.tui import buffers as module
from client.tui.buffers import Buffer, Buffers
from client.tui.rows import Anchor, Kind, Mark, Row


def row(text: str, position: str | None = None, **how: object) -> Row:
    """Something said."""
    return Row(Kind.MESSAGE, text, "bo", 0, position, **how)  # type: ignore[arg-type]


def texts(buffer: Buffer) -> list[str]:
    """What stands in a buffer."""
    return [each.text for each in buffer.everything]


@pytest.fixture
def buffers() -> Buffers:
    """Three buffers; the first is looked at."""
    buffers = Buffers()
    for name in ("general", "lab", "@bo"):
        buffers.open(name)
    return buffers


def test_before_the_first_room_there_is_a_buffer_too_and_it_becomes_that_of_the_room() -> None:
    buffers = Buffers()
    buffers.current.add(row("connecting"))
    assert buffers.current.name == "" and len(buffers) == 0
    buffers.turn(1)
    buffers.turn_to_number(1)
    general = buffers.open("general")
    assert buffers.current is general and texts(general) == ["connecting"]


def test_a_buffer_is_opened_once_however_its_name_is_written(buffers: Buffers) -> None:
    assert buffers.open("@Bo") is buffers.get("@bo") and len(buffers) == 3


def test_buffers_are_selected_by_number_name_and_direction(buffers: Buffers) -> None:
    buffers.turn_to_number(2)
    assert buffers.current.name == "lab"
    buffers.turn(1)
    buffers.turn(1)
    assert buffers.current.name == "general"
    buffers.turn(-1)
    assert buffers.current.name == "@bo"
    buffers.turn_to("lab")
    buffers.turn_to("nowhere")
    buffers.turn_to_number(9)
    assert buffers.current.name == "lab"


@pytest.mark.parametrize(
    "looked_at, closed, then",
    [
        (("lab", "general"), "general", "lab"),
        (("general", "lab"), "lab", "general"),
        (("lab", "@bo", "general"), "general", "lab"),
        (("general", "lab", "@bo"), "@bo", "lab"),
        (("lab", "general"), "lab", "general"),
        (("general",), "nowhere", "general"),
    ],
)
def test_after_a_buffer_is_closed_the_room_looked_at_before_is_shown(
    buffers: Buffers, looked_at: tuple[str, ...], closed: str, then: str
) -> None:
    for name in looked_at:
        buffers.turn_to(name)
    buffers.close(closed)
    assert buffers.current.name == then


def test_a_person_is_shown_after_the_last_room_only(buffers: Buffers) -> None:
    buffers.turn_to("@bo")
    buffers.turn_to("lab")
    buffers.close("lab")
    assert buffers.current.name == "general"
    buffers.close("general")
    assert buffers.current.name == "@bo"


def test_a_closed_buffer_is_not_shown_again(buffers: Buffers) -> None:
    buffers.turn_to("lab")
    buffers.turn_to("general")
    buffers.close("lab")
    buffers.open("ops")
    buffers.close("general")
    assert buffers.current.name == "ops"


def test_a_message_of_a_person_opens_no_buffer_in_front_of_the_reader() -> None:
    buffers = Buffers()
    buffers.open("@bo")
    assert buffers.current.name == ""
    buffers.turn(1)
    assert buffers.current.name == "@bo"
    buffers.close("@bo")
    buffers.open("@bo")
    assert buffers.open("lab") is buffers.current


def test_after_the_last_room_there_still_is_a_buffer(buffers: Buffers) -> None:
    for name in ("general", "lab", "@bo"):
        buffers.close(name)
    assert buffers.current.name == "" and len(buffers) == 0


def test_a_buffer_that_is_closed_while_it_is_scrolled_up_leaves_nothing_behind(
    buffers: Buffers,
) -> None:
    buffers.current.add(row("a"))
    buffers.current.scroll_to(Anchor(buffers.current.rows[0]))
    buffers.close("general")
    assert buffers.current.anchor is None and texts(buffers.open("general")) == []


def test_the_current_buffer_has_no_unread_rows(buffers: Buffers) -> None:
    lab = buffers.open("lab")
    lab.unread, lab.mentions = 3, 1
    buffers.turn_to("lab")
    assert (lab.unread, lab.mentions) == (0, 0)


def test_the_mark_of_unread_rows_stays_until_the_buffer_is_left(
    buffers: Buffers,
) -> None:
    lab = buffers.open("lab")
    lab.add(row("read"))
    lab.add(last := Row(Kind.NOTICE, "bo entered"))
    for called in (False, True, False):
        lab.miss(called)
        lab.add(row("new"))
    assert (lab.unread, lab.mentions) == (3, 1)
    buffers.turn_to("lab")
    assert lab.unread_after is last and not lab.unread
    buffers.turn(1)
    buffers.turn(-1)
    assert lab.unread_after is None


def test_a_renamed_person_keeps_the_buffer(buffers: Buffers) -> None:
    buffers.rename("bo", "bob")
    assert [buffer.name for buffer in buffers] == ["general", "lab", "@bob"]
    assert buffers.get("@bo") is None and buffers.get("@BOB") is not None
    buffers.open("@eve")
    buffers.rename("bob", "eve")
    buffers.rename("nobody", "somebody")
    assert [buffer.name for buffer in buffers] == ["general", "lab", "@bob", "@eve"]
    buffers.rename("eve", "Eve")
    assert [buffer.name for buffer in buffers][-1] == "@Eve"


def test_a_failed_message_is_placed_among_the_rows() -> None:
    buffer = Buffer("general")
    buffer.pending["1"] = row("mine", mark=Mark.PENDING)
    buffer.add(row("other"))
    assert texts(buffer) == ["other", "mine"]
    buffer.fail("1", "No.")
    buffer.fail("unknown", "No.")
    assert not buffer.pending and [each.why for each in buffer.failed()] == ["No."]


def test_the_latest_author_is_last_among_the_nicks() -> None:
    buffer = Buffer("general")
    for nick in ("ana", "bo", "ana"):
        buffer.spoke(nick)
    assert list(buffer.nicks) == ["bo", "ana"]


def test_so_many_nicks_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_NICKS", 2)
    buffer = Buffer("general")
    for nick in ("ana", "bo", "ana", "eve"):
        buffer.came(nick)
    assert list(buffer.nicks) == ["bo", "eve"]


def test_older_rows_are_put_above_and_the_oldest_is_known() -> None:
    buffer = Buffer("general")
    buffer.add(row("notice"))
    buffer.add(row("c", "3"))
    assert buffer.oldest == "3"
    buffer.put_before([row("a", "1"), row("b", "2")], more=True)
    assert texts(buffer) == ["a", "b", "notice", "c"]
    assert buffer.oldest == "1" and buffer.fetched == {"1", "2"} and not buffer.is_whole
    buffer.put_before([], more=False)
    assert buffer.oldest == "1" and buffer.is_whole


def test_a_buffer_keeps_twice_as_many_rows_while_scrolled_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MOST_ROWS", 10)
    buffer = Buffer("general")
    buffer.put_before([row("old", "old")], more=False)
    for number in range(10):
        buffer.add(row(str(number), str(number)))
    assert texts(buffer) == [str(number) for number in range(1, 10)]
    assert buffer.oldest == "1" and buffer.fetched == set() and not buffer.is_whole
    buffer.scroll_to(Anchor(buffer.rows[0]))
    for number in range(10, 21):
        buffer.add(row(str(number), str(number)))
    assert texts(buffer)[0] == "1"
    buffer.add(row("21", "21"))
    assert len(buffer.rows) == 9 and buffer.anchor == Anchor(buffer.rows[0])


def test_no_more_is_fetched_than_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ROWS", 2)
    buffer = Buffer("general")
    buffer.put_before([row(str(number)) for number in range(4)], more=True)
    assert buffer.is_whole


def own(id: str, mark: Mark = Mark.PENDING) -> Row:
    """A message of our own."""
    return Row(Kind.MESSAGE, "hi", "ana", 0, id=id, mark=mark, mine=True)


def test_a_pending_message_is_placed_once() -> None:
    buffer, row = Buffer("lab"), own("1")
    buffer.post(row)
    assert buffer.everything == [row] and not buffer.rows
    assert buffer.place("1", 5, "p5") and not buffer.place("1", 6, "p6")
    assert buffer.rows == [row] and (row.at, row.position) == (5, "p5") and not buffer.pending


def test_posting_scrolls_to_the_end() -> None:
    buffer = Buffer("lab")
    buffer.add(own("0", Mark.NONE))
    buffer.scroll_to(Anchor(buffer.rows[0]))
    buffer.post(own("1"))
    assert buffer.anchor is None


def test_a_message_that_failed_can_be_taken_and_posted_again() -> None:
    buffer, row = Buffer("lab"), own("1")
    buffer.post(row)
    buffer.fail("1", "No.")
    assert buffer.failed() == [row] and row.why == "No."
    buffer.take_failed(row)
    assert not buffer.rows and (row.mark, row.why) == (Mark.PENDING, "")


def test_all_who_wait_for_older_rows_get_them_and_a_failure_ends_the_wait() -> None:
    buffer = Buffer("lab")
    found: list[list[Row]] = []
    buffer.await_older(found.append)
    buffer.await_older(found.append)
    assert buffer.is_fetching
    older = [own("1", Mark.NONE)]
    buffer.put_before(older, more=True)
    assert found == [older, older] and not buffer.is_fetching
    buffer.await_older(found.append)
    buffer.give_up_older()
    assert not buffer.is_fetching and len(found) == 2


def test_a_first_look_is_the_first_one_only() -> None:
    buffer = Buffer("lab")
    assert buffer.is_first_look() and not buffer.is_first_look()


def test_the_next_buffer_with_news_is_one_with_mentions_first(buffers: Buffers) -> None:
    buffers.turn_to_news()
    assert buffers.current.name == "general"
    for name, called in (("lab", False), ("@bo", True), ("ops", True)):
        buffers.open(name).miss(called)
    seen = []
    for _ in range(4):
        buffers.turn_to_news()
        seen.append(buffers.current.name)
    assert seen == ["@bo", "ops", "lab", "lab"]


def test_long_texts_count_for_what_a_buffer_keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_CHARACTERS", 100)
    buffer = Buffer("lab")
    for number in range(50):
        buffer.add(row("x" * 10, f"p{number}"))
        assert sum(len(each.text) for each in buffer.rows) <= 100
    assert buffer.rows[-1].position == "p49" and buffer.oldest == buffer.rows[0].position


@pytest.mark.parametrize("until, last", [("p2", "two"), ("a notice, which history lacks", "three")])
def test_what_follows_the_last_row_that_an_earlier_client_read_is_marked(
    until: str, last: str
) -> None:
    buffer = Buffer("lab")
    buffer.was_read_until(until)
    buffer.add(row("new", "p4"))
    older = [row("one", "p1"), row("two", "p2"), row("three", "p3")]
    buffer.put_before(older, more=False)
    assert buffer.unread_after is not None and buffer.unread_after.text == last
    buffer.put_before([row("zero", "p0")], more=False)
    assert buffer.unread_after.text == last
