"""What the tests of the client share: nothing of the person who runs them, a node, a terminal."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.client.scripted import ScriptedNode, scripted_node
from tests.client.seen import Node, begin
from tests.support.screen import Screen


@pytest.fixture(autouse=True)
def settings_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the client keeps its settings: a file that is not there yet."""
    path = tmp_path / "home" / "settings.toml"
    monkeypatch.setenv("CHAT_SETTINGS", str(path))
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("CHAT_TOKEN", raising=False)
    monkeypatch.delenv("CHAT_PASSWORD", raising=False)
    return path


@pytest.fixture
async def listener() -> AsyncIterator[ScriptedNode]:
    """Where clients connect."""
    async with scripted_node() as listener:
        yield listener


@pytest.fixture
async def screen() -> AsyncIterator[Screen]:
    """A terminal; the test starts the client in it."""
    screen = Screen()
    yield screen
    await screen.end()


@pytest.fixture
async def node(screen: Screen, listener: ScriptedNode) -> Node:
    """The node's end of a client that is ready for typing."""
    return await begin(screen, listener)
