"""Reading back: older messages, and the matches of a search."""

import pytest

from client.tui.rows import Line
from tests.unit.client.tui.typed import Screen
from wire import messages as m


@pytest.fixture
def screen() -> Screen:
    """A screen with one room; it shows 21 lines."""
    return Screen()


def top(screen: Screen) -> str:
    """The text of the first row on the screen."""
    row = screen.view().first()
    return row.text if row else ""


def text_of(line: Line) -> str:
    """The text of a line."""
    return "".join(text for _, text in line)


def test_history_shows_so_many_messages_before_those_on_the_screen(screen: Screen) -> None:
    screen.said(*(f"m{number}" for number in range(100)))
    bottom = int(top(screen)[1:])
    screen.take("/history 5")
    assert top(screen) == f"m{bottom - 5}"
    screen.take("/history 5")
    assert top(screen) == f"m{bottom - 10}" and not screen.chat.requests


def test_history_counts_messages_and_not_what_lies_between_them(screen: Screen) -> None:
    screen.said("a", "b", "c")
    screen.take("/help")
    screen.take("/help keys")
    screen.take("/history 2")
    assert top(screen) == "b"


def test_history_fetches_what_is_missing(screen: Screen) -> None:
    screen.said("new", *(str(number) for number in range(30)))
    screen.lab.scroll_to(None)
    screen.view().show_from(screen.lab.rows[1])
    screen.take("/history 3")
    request = screen.answer("older", "old", more=True)
    assert (request.before, request.limit) == ("new", 2)
    assert top(screen) == "older"


def test_history_is_fetched_and_shown_from_its_beginning(screen: Screen) -> None:
    screen.said("new")
    screen.take("/history 2")
    assert screen.answer("older", "old", more=False).before == "new"
    assert top(screen) == "older"
    screen.take("/history")
    assert screen.notes == ["There are no older messages."]


def test_a_room_without_older_messages_says_so(screen: Screen) -> None:
    screen.take("/history")
    screen.answer(more=False)
    assert screen.notes == ["There are no older messages."]


def test_a_search_goes_up_from_match_to_match_and_counts_them(screen: Screen) -> None:
    rows = screen.said("a Fox", "b", "a fox", *"cdefg")
    screen.lab.is_whole = True
    screen.take("/search fox")
    assert screen.reading.word == "fox" and screen.reading.place == "fox: 1 of 2"
    assert screen.lab.anchor is not None and screen.lab.anchor.row is rows[5]
    screen.take("/search FOX")
    assert screen.lab.anchor.row is rows[3] and screen.reading.place == "fox: 2 of 2"


def test_next_and_previous_go_to_older_and_newer_matches(screen: Screen) -> None:
    screen.said(*(f"fox {number}" for number in range(5)), *"abcdefg")
    screen.lab.is_whole = True
    places = []
    lines = ("/search fox", "/next", "/search", "/previous", "/previous", "/previous", "/next")
    for line in lines:
        screen.take(line)
        places.append(screen.reading.place.removeprefix("fox: "))
    newest = "1 of 5, no newer one"
    assert places == ["1 of 5", "2 of 5", "3 of 5", "2 of 5", "1 of 5", newest, "2 of 5"]


def test_the_last_match_stays_on_the_screen(screen: Screen) -> None:
    screen.said("fox", *"abcdefg")
    screen.lab.is_whole = True
    screen.take("/search fox")
    screen.take("/next")
    assert screen.reading.place == "fox: 1 of 1, no older one"
    assert screen.lab.anchor is not None and not screen.notes


def test_back_returns_to_what_was_on_the_screen_before(screen: Screen) -> None:
    screen.said("fox", *(str(number) for number in range(100)))
    screen.lab.is_whole = True
    screen.take("/history 10")
    before = top(screen)
    screen.take("/search fox")
    assert top(screen) == "fox"
    screen.take("/back")
    assert top(screen) == before and screen.reading.place == ""
    screen.take("/back")
    assert screen.notes == ["There is no search here to return from."]


def test_the_key_for_the_way_back_does_nothing_without_a_search(screen: Screen) -> None:
    screen.said(*(str(number) for number in range(100)))
    screen.take("/history 5")
    before = top(screen)
    assert not screen.reading.back()
    assert top(screen) == before and not screen.notes


def test_without_a_search_there_is_no_next_match(screen: Screen) -> None:
    for line in ("/search", "/next", "/previous"):
        screen.take(line)
    assert screen.notes == ["There is no search yet; /search WORD begins one."] * 3


def test_while_older_messages_were_not_fetched_there_may_be_more_matches(screen: Screen) -> None:
    screen.said("fox", *"abcdefg")
    screen.take("/search fox")
    assert screen.reading.place == "fox: 1 of 1+"
    screen.take("/next")
    screen.answer("old fox", "other", more=False)
    assert screen.reading.place == "fox: 2 of 2"


def test_the_place_is_shown_only_where_the_search_is(screen: Screen) -> None:
    screen.said("fox", *"abcdefg")
    screen.buffers.open("ops")
    screen.take("/search fox")
    screen.buffers.turn_to("ops")
    assert screen.reading.place == ""
    assert screen.reading.highlighted == ""
    screen.buffers.turn_to("lab")
    assert screen.reading.highlighted == "fox"
    screen.take("/help")
    assert screen.reading.place == screen.reading.highlighted == ""


def test_a_match_in_a_short_room_is_counted_and_highlighted_too(screen: Screen) -> None:
    screen.said("fox", "b")
    screen.take("/search fox")
    screen.view().lines()
    assert screen.reading.place == "fox: 1 of 1+" and screen.reading.highlighted == "fox"


def test_private_messages_and_announcements_are_found_where_they_are_shown(
    screen: Screen,
) -> None:
    screen.take("/msg cleo my secret")
    screen.events.show(m.Direct(position="d1", at=1, from_="cleo", to="ana", text="Secrets!"))
    screen.events.show(m.Announcement(text="no secret", at=2))
    screen.take("/who")  # what the client itself says is not searched
    screen.take("/search secret")
    assert screen.reading.place == "secret: 1 of 3+"
    assert screen.buffers.current is screen.lab


def test_a_match_above_a_long_row_is_on_the_screen(screen: Screen) -> None:
    screen.said("fox")
    screen.take("/help keys")
    screen.said(*(str(number) for number in range(10)))
    screen.take("/help keys")
    screen.take("/search fox")
    texts = ["".join(text for _, text in line) for line in screen.view().lines()]
    assert any("fox" in text for text in texts)


def test_a_search_that_finds_nothing_says_so(screen: Screen) -> None:
    screen.take("/search fox")
    screen.answer("old", more=False)
    assert screen.notes == ["No message here contains fox."]


def test_a_search_that_finds_nothing_keeps_the_place(screen: Screen) -> None:
    screen.said(*(str(number) for number in range(100)))
    screen.take("/history 10")
    before = top(screen)
    screen.take("/search fox")
    screen.answer("old", more=False)
    assert top(screen) == before and screen.reading.place == "fox: no match"
    assert not screen.notes
    screen.reading.scroll(1)
    screen.take("/back")
    assert top(screen) == before and screen.reading.place == ""


def test_back_returns_to_what_was_there_before_the_first_of_several_searches(
    screen: Screen,
) -> None:
    screen.said("fox", *"abcdefg", "hen", *(str(number) for number in range(100)))
    screen.lab.is_whole = True
    screen.take("/history 10")
    before = top(screen)
    screen.take("/search hen")
    found = top(screen)
    screen.take("/search cow")
    assert top(screen) == found and screen.reading.place == "cow: no match"
    screen.take("/search fox")
    assert screen.reading.place == "fox: 1 of 1"
    screen.take("/back")
    assert top(screen) == before


def test_a_search_fetches_older_messages_until_it_finds(screen: Screen) -> None:
    screen.said("new")
    screen.take("/search fox")
    screen.answer("old", more=True)
    assert screen.answer("a fox", "older", more=True).before == "old"
    assert screen.lab.anchor is not None and not screen.notes


def test_a_search_ends_when_another_buffer_is_shown(screen: Screen) -> None:
    screen.buffers.open("ops")
    screen.take("/search fox")
    screen.buffers.turn_to("ops")
    screen.answer("old", more=True)
    assert not screen.chat.requests and not screen.notes


def test_a_search_after_older_messages_were_asked_for_waits_for_them(screen: Screen) -> None:
    screen.lookups.fetch_older(screen.lab, 10, lambda rows: None)
    screen.take("/search fox")
    screen.answer("a fox", more=False)
    assert screen.lab.anchor is not None and not screen.chat.requests


def test_a_long_answer_is_shown_from_its_first_line_and_end_returns(screen: Screen) -> None:
    screen.said(*(str(number) for number in range(30)))
    rooms = [m.RoomRow(room=f"room-{number}", members=1) for number in range(30)]
    screen.events.show(m.Rooms(rooms=rooms, more=False))
    assert "30 rooms" in text_of(screen.view().lines()[0])
    screen.reading.to_end()
    assert "room-29" in text_of(screen.view().lines()[-1]) and screen.lab.anchor is None


def test_a_short_answer_leaves_the_buffer_at_its_end(screen: Screen) -> None:
    screen.take("/help keys")
    screen.said("hi")
    assert screen.lab.anchor is None


def test_the_second_page_of_an_answer_leaves_the_first_one_on_the_screen(screen: Screen) -> None:
    for page in range(2):
        rooms = [m.RoomRow(room=f"room-{page}-{number}", members=1) for number in range(30)]
        screen.events.show(m.Rooms(rooms=rooms, more=page == 0))
    assert "room-0-0" in text_of(screen.view().lines()[2])
