"""The bot among people, on real nodes."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.lab import Lab
from tests.support.node_process import Address

ROOT = Path(__file__).parents[3]


@asynccontextmanager
async def bot(room: str, *addresses: Address) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the bot, as its first line says."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "examples/bot.py", room),
        *(f"{address.host}:{address.port}" for address in addresses),
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_it_answers_questions_and_nothing_else(lab: Lab) -> None:
    node = await lab.node(None)
    ana = await lab.member(node.address, "ana", rooms=["lab"])
    async with bot("lab", node.address):
        await ana.expect("entered", room="lab", nick="dice")
        for number, text in enumerate(["hello", "!seen ana", "!seen bo", "!roll 2d1", "!roll 0d0"]):
            await ana.say("lab", text, str(number))
        await ana.say("lab", "!roll d20", "last")
        answers = [(await ana.expect("message", from_="dice"))["text"] for _ in range(4)]
    assert answers[:3] == ["ana spoke here 0 min ago", "bo spoke here not lately", "1 + 1 = 2"]
    assert re.fullmatch(r"(\d+) = \1", answers[3])


async def test_it_goes_on_at_another_node(lab: Lab) -> None:
    redis = await lab.redis()
    first, second = [await lab.node(redis) for _ in range(2)]
    ana = await lab.member(second.address, "ana", rooms=["lab"])
    async with bot("lab", first.address, second.address):
        await ana.expect("entered", room="lab", nick="dice")
        await first.kill()
        await ana.say("lab", "!roll 3d1", "1")
        await ana.expect("message", from_="dice", text="1 + 1 + 1 = 3")


async def test_control_c_makes_it_leave_without_a_word(lab: Lab) -> None:
    node = await lab.node(None)
    ana = await lab.member(node.address, "ana", rooms=["lab"])
    async with bot("lab", node.address) as process:
        await ana.expect("entered", room="lab", nick="dice")
        await ana.say("lab", "!roll d1", "1")
        await ana.expect("message", from_="dice")
        process.send_signal(signal.SIGINT)
        await ana.expect("left", room="lab", nick="dice", reason="quit")
        _, errors = await process.communicate()
        assert (process.returncode, errors) == (0, b"")
