"""When two spellings are one name. Pure."""

import unicodedata


def fold(name: str) -> str:
    """Return what all spellings of one room or nick have in common.

    A room may be answered by another spelling than it was asked for. For names that are possible
    this agrees with the node's full rules (RFC 8265); for others nothing depends on it.
    """
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
