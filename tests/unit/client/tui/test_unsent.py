"""Our own messages, until they are settled."""

from client.tui.buffers import Buffer
from client.tui.rows import Kind, Mark, Row
from client.tui.unsent import Unsent


def pending(id: str) -> Row:
    """A message that was just typed."""
    return Row(Kind.MESSAGE, "hi", "ana", 0, id=id, mark=Mark.PENDING, mine=True)


def test_a_message_is_shown_as_pending_and_known_by_its_id() -> None:
    unsent, buffer, row = Unsent(), Buffer("lab"), pending("1")
    unsent.add(buffer, row)
    assert buffer.everything == [row]
    assert "1" in unsent and "2" not in unsent and None not in unsent and len(unsent) == 1


def test_a_message_is_settled_once() -> None:
    unsent, buffer, row = Unsent(), Buffer("lab"), pending("1")
    unsent.add(buffer, row)
    assert unsent.settle("1") == (buffer, row)
    assert unsent.settle("1") is None and not len(unsent)
