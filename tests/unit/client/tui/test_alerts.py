"""What the terminal is told of mentions."""

import pytest

from client.tui.alerts import Alerts


class Terminal:
    """A terminal, and the mentions in windows that are not looked at."""

    def __init__(self, **how: object) -> None:
        self.now = 0.0
        self.written: list[str] = []
        self.rings = 0
        self.others = 0
        self.alerts = Alerts(
            self.written.append,
            self._ring,
            lambda: self.others,
            lambda: self.now,
            **how,  # type: ignore[arg-type]
        )

    def _ring(self) -> None:
        self.rings += 1

    def titles(self) -> list[str]:
        """The titles of the window, one after the other."""
        self.alerts.show_title()
        parts = [text.split("\x1b]2;")[1] for text in self.written if "\x1b]2;" in text]
        return [part.split("\x1b")[0] for part in parts]


def test_a_mention_rings_once_a_second() -> None:
    terminal = Terminal()
    for at in (0.0, 0.5, 1.0):
        terminal.now = at
        terminal.alerts.call("bo: hi", False)
    assert terminal.rings == 2 and not terminal.written


def test_the_bell_can_be_switched_off() -> None:
    terminal = Terminal(rings=False)
    terminal.alerts.call("bo: hi", False)
    assert terminal.rings == 0


@pytest.mark.parametrize(
    "notify, sent",
    [
        ("osc9", "\x1b]9;bo in lab: hi\x1b\\"),
        ("osc777", "\x1b]777;notify;chat;bo in lab: hi\x1b\\"),
    ],
)
def test_a_mention_notifies_the_desktop_if_the_settings_say_so(notify: str, sent: str) -> None:
    terminal = Terminal(notify=notify)
    terminal.alerts.call("bo in lab: hi", False)
    assert terminal.written == [sent]


def test_tmux_passes_a_notification_on() -> None:
    terminal = Terminal(notify="osc9", in_tmux=True)
    terminal.alerts.call("hi", False)
    assert terminal.written == ["\x1bPtmux;\x1b\x1b]9;hi\x1b\x1b\\\x1b\\"]


def test_a_notification_is_short_and_cannot_control_the_terminal() -> None:
    terminal = Terminal(notify="osc9")
    terminal.alerts.call("\x1b\\\x07\x9c" + "x" * 1000, False)
    (sent,) = terminal.written
    text = sent.removeprefix("\x1b]9;").removesuffix("\x1b\\")
    assert text.isprintable() and len(text) == 200


def test_the_title_counts_unread_mentions() -> None:
    terminal = Terminal()
    assert terminal.titles() == []
    terminal.others = 2
    assert terminal.titles() == ["(2) chat"]
    terminal.others = 0
    assert terminal.titles() == ["(2) chat", "chat"]


def test_mentions_in_the_current_window_count_until_the_next_key() -> None:
    terminal = Terminal()
    terminal.others = 1
    terminal.alerts.call("bo: hi", True)
    assert terminal.titles() == ["(2) chat"]
    terminal.alerts.typed()
    assert terminal.titles() == ["(2) chat", "(1) chat"]


def test_the_window_gets_its_old_title_back() -> None:
    terminal = Terminal()
    terminal.alerts.end()
    assert not terminal.written
    terminal.others = 1
    terminal.alerts.show_title()
    terminal.alerts.end()
    assert terminal.written[0].startswith("\x1b[22;2t")
    assert terminal.written[-1].endswith("\x1b[23;2t")


def test_a_terminal_without_titles_gets_none() -> None:
    terminal = Terminal(has_title=False)
    terminal.others = 1
    terminal.alerts.show_title()
    terminal.alerts.end()
    assert not terminal.written
