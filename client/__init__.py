"""The chat's terminal client, and the connection it is built on."""

from client.connection import Away, Chat, connect
from client.errors import ChatError, Ended, NickRefused, Refused, Unreachable

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
