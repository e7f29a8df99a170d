"""Two presses leave, one does not."""

from client.tui.leaving import Leaving, hint, warning


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


def test_the_hint_names_the_key_and_what_happens_to_what_is_not_delivered() -> None:
    again = "Ctrl-C again within 2 s leaves the chat"
    assert hint("Ctrl-C", 0, True) == f"{again}."
    assert hint("Ctrl-C", 1, True) == (
        f"1 message is not delivered yet; {again} and keeps it for the next start."
    )
    assert hint("Ctrl-C", 2, False) == (
        f"2 messages are not delivered yet; {again} and discards them."
    )


def test_the_warning_says_what_happens_to_what_is_not_delivered() -> None:
    assert warning(1, False) == "1 message is not delivered yet; leave again to discard it."
    assert warning(2, True) == (
        "2 messages are not delivered yet; leave again to keep them for the next start."
    )
