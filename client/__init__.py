"""The chat's terminal client, and the connection it is built on."""

from client.api.chat import Away, Chat, connect
from client.protocol.errors import ChatError, Ended, NickRefused, Refused, Unreachable

__all__ = [
    "Away",
    "Chat",
    "ChatError",
    "Ended",
    "NickRefused",
    "Refused",
    "Unreachable",
    "connect",
]
