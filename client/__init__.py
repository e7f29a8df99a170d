"""The chat's client as a library: ``connect``, its errors, and the events that a program reads.

``python -m client`` is the terminal client, which is built on the same connection.
"""

from client.api.chat import Chat, connect
from client.protocol.errors import ChatError, Ended, NickRefused, RequestRefused, Unreachable
from client.protocol.events import Disconnected, Received
from wire.messages import (
    Ack,
    Announcement,
    Bye,
    Direct,
    Entered,
    Error,
    Gap,
    History,
    Joined,
    Left,
    Message,
    Past,
    Renamed,
    RoomRow,
    Send,
    SendDirect,
    Welcome,
)

__all__ = [
    "Ack",
    "Announcement",
    "Bye",
    "Chat",
    "ChatError",
    "Direct",
    "Disconnected",
    "Ended",
    "Entered",
    "Error",
    "Gap",
    "History",
    "Joined",
    "Left",
    "Message",
    "NickRefused",
    "Past",
    "Received",
    "Renamed",
    "RequestRefused",
    "RoomRow",
    "Send",
    "SendDirect",
    "Unreachable",
    "Welcome",
    "connect",
]
