"""The bot among people, on real nodes."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

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


async def test_without_arguments_it_says_how_to_start_it() -> None:
    assert await ended() == (1, b"usage: python examples/bot.py ROOM [HOST:PORT ...]\n")


@pytest.mark.parametrize(
    "other, room, address, why",
    [
        ("dice", "lab", None, "The nick dice is taken"),
        ("ana", "no good", None, "A room name "),
        ("ana", "lab", "nowhere:x", "invalid address 'nowhere:x'"),
    ],
)
async def test_a_taken_nick_and_a_bad_room_or_address_are_one_line(
    lab: Lab, other: str, room: str, address: str | None, why: str
) -> None:
    node = await lab.node(None)
    await lab.member(node.address, other, rooms=["lab"])
    status, errors = await ended(room, address or f"{node.address.host}:{node.address.port}")
    assert status == 1 and errors.startswith(f"bot.py: {why}".encode()), errors
    assert errors.count(b"\n") == 1


async def test_a_dead_address_is_told_at_once_and_tried_again(lab: Lab) -> None:
    port = lab.unstarted_redis().port  # nothing listens there
    async with bot("lab", Address("127.0.0.1", port)) as process:
        assert process.stderr
        line = (await process.stderr.readline()).decode()
        node = await lab.node(None, "--port", str(port))
        ana = await lab.member(node.address, "ana", rooms=["lab"])
        await ana.expect("entered", room="lab", nick="dice")
    assert line == f"bot.py: no connection: nothing listens at 127.0.0.1:{port}; trying again\n"


async def ended(*arguments: str) -> tuple[int | None, bytes]:
    """Run the bot to its end; return its status and its errors."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "examples/bot.py", *arguments),
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await process.communicate()
    return process.returncode, errors
