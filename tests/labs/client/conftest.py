"""A terminal, and a node that a test plays: those of the integration tests."""

from tests.integration.client.conftest import listener, screen, settings_path

__all__ = ["listener", "screen", "settings_path"]
