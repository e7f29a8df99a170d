"""When two spellings are one name. Pure."""

import unicodedata


def fold(name: str) -> str:
    """Return what all spellings of one room or nick have in common.

    A node may answer with another spelling of a room than the request had. For valid names this
    agrees with the node's full rules (RFC 8265); for others nothing depends on it.
    """
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
