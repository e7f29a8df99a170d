"""A nick for who did not choose one, and whether one is meant. Pure."""

import re
import unicodedata
from collections.abc import Callable


def nick_from(login: str) -> str:
    """Return ``login`` made into a possible nick."""
    # The node decides by the full rules (RFC 8265); ASCII is a part of them nobody quarrels about.
    plain = unicodedata.normalize("NFKC", login)
    return re.sub(r"[^A-Za-z0-9_.-]", "", plain).lstrip("-.")[:24] or "guest"


def with_suffix(nick: str, random: Callable[[], float]) -> str:
    """Return ``nick`` with a short random end, for when it is taken."""
    return f"{nick}-{int(random() * 10_000):04d}"


def means(text: str, nick: str) -> bool:
    """Whether a text means somebody: the nick stands in it as a word."""
    text, nick = text.casefold(), nick.casefold()
    return nick in text and bool(re.search(rf"(?<!\w){re.escape(nick)}(?!\w)", text))
