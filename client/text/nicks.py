"""Default nicks, and mentions of a nick. Pure."""

import re
import unicodedata
from collections.abc import Callable


def nick_from(login: str) -> str:
    """Return a valid nick made of a login name."""
    # The node applies the full rules (RFC 8265); this ASCII subset is always valid.
    plain = unicodedata.normalize("NFKC", login)
    return re.sub(r"[^A-Za-z0-9_.-]", "", plain).lstrip("-.")[:24] or "guest"


def with_suffix(nick: str, random: Callable[[], float]) -> str:
    """Return ``nick`` with a short random suffix, because it is taken."""
    return f"{nick}-{int(random() * 10_000):04d}"


def mentions(text: str, nick: str) -> bool:
    """Return whether a text has the nick as a word."""
    text, nick = text.casefold(), nick.casefold()
    return nick in text and bool(re.search(rf"(?<!\w){re.escape(nick)}(?!\w)", text))
