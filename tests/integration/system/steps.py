"""Steps that several tests take."""

from tests.support.lab import fresh
from tests.support.talker import Event, Talker

ALL_DELIVERED = "everything before this has been delivered"


async def mark(room: str, author: Talker, *readers: Talker) -> None:
    """Say something in a room, and wait until all have it: then they have what came before, too."""
    id = fresh("mark")
    author.send("send", room=room, text=ALL_DELIVERED, id=id)
    for reader in (author, *readers):
        await reader.expect("message", room=room, id=id)


def said(talker: Talker, room: str) -> list[str]:
    """Return the texts that a talker has seen in a room so far, in order, without marks."""
    messages = talker.seen("message", room=room)
    return [message["text"] for message in messages if message["text"] != ALL_DELIVERED]


def texts(listed: Event) -> list[str]:
    """Return the texts of a ``history`` or a ``joined``."""
    return [message["text"] for message in listed["messages"]]


async def fill(talker: Talker, room: str, count: int) -> list[Event]:
    """Say "0", "1", ... in a room, each when the one before it has come back; return them."""
    messages = []
    for number in range(count):
        id = fresh("fill")
        talker.send("send", room=room, text=str(number), id=id)
        messages.append(await talker.expect("message", room=room, id=id))
    return messages
