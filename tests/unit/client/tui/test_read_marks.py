"""What counts as read is what the user could see."""

from client.tui.buffers import PERSON, Buffers
from client.tui.read_marks import ReadMarks
from client.tui.rows import Kind, Row
from tests.support.scripted import joined, message
from wire import messages as m


class Shown:
    """Two rooms, of which the user looks at the lab, and what is shown in them."""

    def __init__(self, **earlier: str) -> None:
        self.buffers = Buffers()
        self.marks = ReadMarks(self.buffers, earlier)
        for room in ("lab", "ops"):
            self.buffers.open(room)
            self.marks.after(joined(room, earlier.get(room, f"{room}-0")))

    def say(self, room: str, position: str) -> None:
        """Show a message as the screen does it."""
        self.show(message("hi", position, room=room), room)

    def show(self, event: m.Message | m.Direct, name: str) -> None:
        """Show an event in a buffer."""
        self.marks.before(event)
        buffer = self.buffers.open(name)
        if buffer is not self.buffers.current:
            buffer.miss(False)
        buffer.add(Row(Kind.MESSAGE, "hi", "bo", 0, event.position))
        self.marks.after(event)


def test_what_is_in_the_current_room_is_read() -> None:
    shown = Shown()
    shown.say("lab", "l1")
    assert shown.marks.positions() == {"lab": "l1", "ops": "ops-0"}


def test_what_is_in_another_room_is_unread_until_it_is_looked_at() -> None:
    shown = Shown()
    shown.say("ops", "o1")
    shown.say("ops", "o2")
    assert shown.marks.positions()["ops"] == "ops-0"
    shown.buffers.turn_to("ops")
    assert shown.marks.positions()["ops"] == "o2"
    shown.buffers.turn_to("lab")
    shown.say("ops", "o3")
    assert shown.marks.positions()["ops"] == "o2"


def test_an_earlier_position_counts_until_something_is_shown() -> None:
    shown = Shown(lab="l7", ops="o7")
    assert shown.marks.positions() == {"lab": "l7", "ops": "o7"}
    shown.say("ops", "o8")
    assert shown.marks.positions()["ops"] == "o7"


def test_the_inbox_is_read_when_nobody_waits_to_be_looked_at() -> None:
    shown = Shown()
    for position, nick in (("d1", "bo"), ("d2", "cy")):
        shown.show(
            m.Direct(position=position, at=1, from_=nick, to="ana", text="hi"), PERSON + nick
        )
    assert m.INBOX not in shown.marks.positions()
    shown.buffers.turn_to(PERSON + "bo")
    assert m.INBOX not in shown.marks.positions()
    shown.buffers.turn_to(PERSON + "cy")
    assert shown.marks.positions()[m.INBOX] == "d2"


def test_a_room_that_was_left_is_forgotten() -> None:
    shown = Shown()
    shown.marks.forget("ops")
    assert shown.marks.positions() == {"lab": "lab-0"}
    shown.marks.after(joined("ops", "o9"))
    assert shown.marks.positions()["ops"] == "o9"
