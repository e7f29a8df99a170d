"""What the unit tests of the client share."""

from tests.support.own_settings import settings_path

__all__ = ["settings_path"]
