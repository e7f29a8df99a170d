"""Two presses leave, one does not."""

from client.tui.leaving import Leaving, hint


def test_a_second_press_within_two_seconds_leaves() -> None:
    leaving = Leaving()
    assert not leaving.press(10.0, is_empty=True)
    assert leaving.press(12.0, is_empty=True)


def test_a_later_press_is_a_first_one_again() -> None:
    leaving = Leaving()
    assert not leaving.press(10.0, is_empty=True)
    assert not leaving.press(12.1, is_empty=True)
    assert leaving.press(13.0, is_empty=True)


def test_a_press_that_clears_a_line_never_leaves_but_the_next_one_does() -> None:
    leaving = Leaving()
    assert not leaving.press(10.0, is_empty=False)
    assert not leaving.press(10.5, is_empty=False), "something was typed in between"
    assert leaving.press(11.0, is_empty=True)


def test_the_hint_names_the_key_and_what_is_not_delivered() -> None:
    assert hint("Ctrl-C", 0) == "Ctrl-C again within 2 s leaves the chat."
    assert hint("Ctrl-D", 1).startswith("1 message is not delivered yet; Ctrl-D again")
    assert hint("Ctrl-D", 2).startswith("2 messages are not delivered yet; Ctrl-D again")
