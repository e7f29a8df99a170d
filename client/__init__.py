"""The chat's terminal client, and the connection it is built on."""

from client.api.chat import Chat, Disconnected, connect
from client.protocol.errors import ChatError, Ended, NickRefused, RequestRefused, Unreachable

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
