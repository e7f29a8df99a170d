"""The chat's terminal client, and the connection it is built on."""

from client.api.chat import Chat, connect
from client.protocol.errors import ChatError, Ended, NickRefused, RequestRefused, Unreachable
from client.protocol.events import Disconnected

__all__ = [
    "Disconnected",
    "Chat",
    "ChatError",
    "Ended",
    "NickRefused",
    "RequestRefused",
    "Unreachable",
    "connect",
]
