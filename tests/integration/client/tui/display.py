"""A chat with its buffers, and answers to what it fetches by itself."""

from client import Chat
from client.protocol.events import Disconnected
from client.text.theme import Theme
from client.tui.buffers import Buffers
from client.tui.event_actions import EventActions
from client.tui.filters import Filters
from client.tui.input_actions import InputActions
from client.tui.lookups import Lookups
from client.tui.notices import Notices
from client.tui.reading import Reading
from client.tui.unsent import Unsent
from client.tui.viewport import Viewport
from tests.support.scripted import FakeTime, Peer, message
from wire import messages as m


class Display:
    """A chat, what is typed into it, and what its buffers show."""

    def __init__(self, chat: Chat, time: FakeTime) -> None:
        self.buffers = Buffers()
        self.rings = 0
        self.alerts: list[tuple[str, bool]] = []
        self.chat = chat
        notices = Notices(self.buffers, lambda: int(time.now * 1000))
        self.unsent = Unsent()
        self.filters = Filters()
        self.lookups = Lookups(chat, self.buffers, notices, self.unsent, self.filters)
        parts = (chat, self.buffers, notices, self.lookups, self.unsent)
        self.reading = Reading(self.buffers, notices, self.lookups, self.view)
        self.events = EventActions(*parts, self.filters, lambda: time.now, self._ring)
        self.typed = InputActions(*parts, self.filters, self.reading, lambda: int(time.now * 1000))
        self._received = chat.received()

    def view(self) -> Viewport:
        """What a screen of 80 columns and 21 lines shows of the current buffer."""
        return Viewport(self.buffers.current, Theme(), 80, 21)

    def _ring(self, text: str, here: bool) -> None:
        self.rings += 1
        self.alerts.append((text, here))

    @property
    def room(self) -> str:
        """The buffer that is looked at."""
        return self.buffers.current.name

    async def show_until(self, kind: type[m.Event] | type[Disconnected]) -> None:
        """Show events up to one of this type."""
        async for received in self._received:
            assert received.event is not None
            self.events.show(received.event, received.then)
            if isinstance(received.event, kind):
                return

    def texts(self, name: str | None = None) -> list[str]:
        """Return what stands in a buffer; in the one that is looked at by default."""
        buffer = self.buffers.current if name is None else self.buffers.open(name)
        return [row.text for row in buffer.everything]

    def clear(self) -> None:
        """Forget what stands in the buffer that is looked at."""
        self.buffers.current.rows.clear()


async def answer_new_buffer(peer: Peer, screen: Display, *messages: m.Past) -> None:
    """Answer what a new buffer asks: who is here, and what was said."""
    members = await peer.expect(m.ListMembers)
    peer.say(m.Members(ref=members.ref, room=members.room, members=["ana", "bo"], more=False))
    await screen.show_until(m.Members)
    await answer_history(peer, screen, *messages, more=True)


async def answer_history(
    peer: Peer, screen: Display, *messages: m.Past, more: bool = False
) -> m.GetHistory:
    """Answer the next question for older messages, and return it."""
    history = await peer.expect(m.GetHistory)
    peer.say(m.History(ref=history.ref, room=history.room, messages=list(messages), more=more))
    await screen.show_until(m.History)
    return history


def past(text: str, position: str, from_: str = "bo", id: str | None = None) -> m.Past:
    """A past message of the lab."""
    return m.Past(room="lab", position=position, at=1, from_=from_, text=text, id=id)


def said(text: str, position: str = "p1", **how: str) -> m.Message:
    """A message in the lab."""
    return message(text, position, room="lab", **how)
