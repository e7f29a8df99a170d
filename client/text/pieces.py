"""Cuts a long text into pieces that each fit into a message. Pure."""

from client.text.width import cluster_start


def pieces(text: str, most: int) -> list[str]:
    """Return a text in pieces of at most ``most`` bytes of UTF-8, none of them blank.

    It is cut between lines where possible, else between words, else between clusters. Only white
    space at a cut is left out.
    """
    found = []
    start = 0
    while start < len(text):
        end = _end(text, start, most)
        if piece := text[start:end].strip("\n"):
            found.append(piece)
        start = end
    return [piece for piece in found if not piece.isspace()]


def _end(text: str, start: int, most: int) -> int:
    """Return where a piece ends that starts at ``start``."""
    # A character of UTF-8 has at most four bytes; a cut may be in the middle of one.
    part = text[start : start + most].encode()[:most].decode(errors="ignore")
    end = start + len(part)
    if end == len(text):
        return end
    for border in ("\n", " "):
        place = text.rfind(border, start, end + 1)
        if place > start:
            return place + (place < end)
    whole = cluster_start(text, end)
    return whole if whole > start else end
