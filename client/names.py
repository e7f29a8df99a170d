"""A nick for who did not choose one. Pure."""

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
