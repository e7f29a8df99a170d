"""Colours, times and days. Pure; the time zone is passed in."""

import zlib
from datetime import datetime, tzinfo

from msgspec import Struct

from client.text.width import Joins

NICK_COLOURS = (
    *("#e6005f", "#af5f5f", "#af6200", "#5f8100", "#008a00", "#00875f", "#008484"),
    *("#007eaf", "#006bff", "#6268dd", "#845fd7", "#bb00ff", "#d700b2"),
)
"""All have a luminance of about 0.18, halfway between black and white: their contrast (WCAG 2.2,
1.4.3) is at least 4.5 on both, so the background of the terminal does not matter. With only 256
colours, the nearest ones have at least 4."""
ALARM = NICK_COLOURS[0]
"""The colour of errors, and of the line above unread messages."""


class Theme(Struct, frozen=True):
    """The format of times (for strftime), and the time zone (None: the local one).

    ``joins`` is what the terminal can draw.
    """

    time: str = "%H:%M"
    zone: tzinfo | None = None
    joins: Joins = Joins()

    def clock(self, at: int | None) -> str:
        """Return a time of day; dashes if it is unknown or out of range."""
        when = self._when(at)
        return "--:--" if when is None else when.strftime(self.time)

    def moment(self, at: int | None) -> str:
        """Return date, time and time zone in ISO 8601; a dash if it is unknown or out of range."""
        when = self._when(at)
        try:
            return "-" if when is None else when.astimezone(self.zone).isoformat("T", "seconds")
        except (ValueError, OverflowError, OSError):
            return "-"

    def day(self, at: int | None) -> str:
        """Return a day; empty if it is unknown."""
        when = self._when(at)
        return "" if when is None else f"{when:%A}, {when.day} {when:%B %Y}"

    def _when(self, at: int | None) -> datetime | None:
        if at is None:
            return None
        try:
            return datetime.fromtimestamp(at / 1000, self.zone)
        except (ValueError, OverflowError, OSError):
            return None


def nick_colour(nick: str) -> str:
    """Return the colour of a nick: the same on every client."""
    return NICK_COLOURS[zlib.crc32(nick.casefold().encode(errors="replace")) % len(NICK_COLOURS)]
