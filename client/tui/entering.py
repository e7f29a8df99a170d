"""What comes into the input line, and what may leave it. Pure but for the notices."""

from client.text.sanitize import clean
from client.tui.notices import Notices


class Entering:
    """Takes pasted text."""

    def __init__(self, notices: Notices) -> None:
        self._notices = notices

    def paste(self, text: str) -> str:
        """Return what to insert for a pasted text; say what was taken out of it."""
        cleaned = clean(text)
        if cleaned.removed:
            self._notices.notice(f"Removed from the pasted text: {cleaned.removed}.")
        return cleaned.text
