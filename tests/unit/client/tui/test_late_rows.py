"""Entries that stand below newer ones, because a node put them back after a loss."""

from client.tui.buffers import Buffer
from client.tui.rows import Kind, Row


def test_an_entry_that_was_put_back_below_later_ones_is_late() -> None:
    buffer = Buffer("lab")
    ats = (60_000, None, 120_000, 61_000, 62_000, 119_500, 121_000)
    rows = [Row(Kind.MESSAGE, "hi", "bo", at, f"p{number}") for number, at in enumerate(ats)]
    for each in rows:
        buffer.add(each)
    assert [each.at for each in rows if each.is_late] == [61_000, 62_000]


def test_a_notice_of_the_client_itself_is_never_late_and_makes_nothing_late() -> None:
    """Its time is that of another clock."""
    buffer = Buffer("lab")
    for at, position in ((900_000, None), (60_000, "p1"), (1, None)):
        buffer.add(Row(Kind.NOTICE, "x", at=at, position=position))
    assert not any(each.is_late for each in buffer.rows)
