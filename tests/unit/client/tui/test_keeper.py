"""The session is saved after a change; without one, the client sleeps."""

import asyncio
from typing import Any

import pytest

from client.tui.keeper import SAVE_EVERY, Keeper


async def test_saves_are_timed_only_after_a_change(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        over.set_result(None)

    turn = asyncio.sleep
    monkeypatch.setattr("client.tui.keeper.asyncio.sleep", sleep)
    keeper = Keeper(None, None, lambda: 0)
    notices: Any = None
    running = asyncio.ensure_future(keeper.run(notices))
    for _ in range(5):
        await turn(0)
    assert not slept
    keeper.touch()
    await over
    for _ in range(5):
        await turn(0)
    assert slept == [SAVE_EVERY]
    running.cancel()
