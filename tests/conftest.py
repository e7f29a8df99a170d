"""What tests of several rooms use."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import settings

from tests.support.lab import Lab

# An example that is slow because the machine is busy is no failure.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Called by pytest: add an option."""
    parser.addoption(
        "--websocket", action="store_true", help="run the system tests over WebSocket alone"
    )


@pytest_asyncio.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    """Starts real processes, and ends them after the test."""
    async with Lab(tmp_path) as lab:
        yield lab
