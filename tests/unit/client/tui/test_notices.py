"""What the client itself writes into the buffers."""

from client.tui.buffers import Buffers
from client.tui.notices import Notices
from client.tui.rows import Kind


def test_a_notice_is_added_to_the_current_buffer_unless_another_one_is_named() -> None:
    buffers = Buffers()
    lab, ops = buffers.open("lab"), buffers.open("ops")
    notices = Notices(buffers, lambda: 7)
    notices.notice("here")
    notices.notice("there", ops)
    (here,), (there,) = lab.rows, ops.rows
    assert (here.kind, here.text, here.at) == (Kind.NOTICE, "here", 7)
    assert there.text == "there"


def test_an_error_is_added_to_the_current_buffer() -> None:
    buffers = Buffers()
    Notices(buffers, lambda: 7).error("broken")
    (row,) = buffers.current.rows
    assert (row.kind, row.text) == (Kind.ERROR, "broken")
