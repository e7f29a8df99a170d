"""The nodes of a test, and why a chat lost them."""

from client import Chat
from client.protocol.events import Disconnected
from tests.support.scripted import ScriptedNode

Nodes = tuple[ScriptedNode, ScriptedNode]


async def why_away(chat: Chat) -> str:
    """Return the reason that the chat tells for being away."""
    async for event in chat:
        if isinstance(event, Disconnected):
            return event.why
    raise AssertionError
