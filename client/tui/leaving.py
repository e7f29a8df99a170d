"""Decides when Ctrl-C and Ctrl-D end the client. Pure: the time is passed in."""

LEAVE_WITHIN = 2.0
"""Seconds for the second press, as a reader needs them to see what the first one did."""


class Leaving:
    """Ends the client when a key is pressed a second time, on an empty line and soon enough."""

    def __init__(self) -> None:
        self._pressed_at: float | None = None

    def press(self, now: float, *, is_empty: bool) -> bool:
        """Note a press at a time in seconds; return whether it ends the client.

        ``is_empty``: there was no text in the line, which the first press clears.
        """
        before, self._pressed_at = self._pressed_at, now
        return is_empty and before is not None and now - before <= LEAVE_WITHIN


def hint(key: str, unsent: int, kept: bool) -> str:
    """Return what the first press of ``key`` says, while so many messages are not delivered.

    ``kept``: the next start gets them.
    """
    again = f"{key} again within {LEAVE_WITHIN:.0f} s leaves the chat"
    if not unsent:
        return f"{again}."
    what = f"keeps {_them(unsent)} for the next start" if kept else f"discards {_them(unsent)}"
    return f"{_undelivered(unsent)}; {again} and {what}."


def warning(unsent: int, kept: bool) -> str:
    """Return what the first ``/quit`` says, as in ``hint``."""
    what = f"keep {_them(unsent)} for the next start" if kept else f"discard {_them(unsent)}"
    return f"{_undelivered(unsent)}; leave again to {what}."


def _undelivered(number: int) -> str:
    return f"{'1 message is' if number == 1 else f'{number} messages are'} not delivered yet"


def _them(number: int) -> str:
    return "it" if number == 1 else "them"
