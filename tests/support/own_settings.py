"""A client in a test finds nothing of the person who runs the tests."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def settings_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the client keeps its settings: a file that is not there yet."""
    path = tmp_path / "home" / "settings.toml"
    monkeypatch.setenv("CHAT_SETTINGS", str(path))
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("CHAT_TOKEN", raising=False)
    monkeypatch.delenv("CHAT_PASSWORD", raising=False)
    return path
