"""Standard input and output by threads: lines come whole, writes do not block the loop."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from client.cli.stdio import ErrorOutput, Output, read_lines

Pipe = tuple[int, int]


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    """A pipe's two ends; a test may close the writing one."""
    reading, writing = os.pipe()
    yield reading, writing
    for end in (reading, writing):
        try:
            os.close(end)
        except OSError:
            pass


async def read(path: Path, longest: int = 10) -> list[bytes | None]:
    """Return the lines of a file."""
    with path.open("rb") as file:
        return [line async for line in read_lines(file.fileno(), longest)]


@pytest.mark.parametrize(
    "content, lines",
    [
        (b"", []),
        (b"a\nb\n", [b"a", b"b"]),
        (b"a\r\n\r\nb", [b"a", b"", b"b"]),
        (b"\n\n", [b"", b""]),
        (b"x" * 10 + b"\n", [b"x" * 10]),
        (b"x" * 10 + b"\r\nb", [b"x" * 10, b"b"]),
        (b"x" * 11 + b"\nb", [None, b"b"]),
        (b"x" * 12 + b"\nb", [None, b"b"]),
        (b"x" * 13 + b"\nb", [None, b"b"]),
        (b"x" * 300_000 + b"\nb\n", [None, b"b"]),
        (b"x" * 300_000, [None]),
        (b"x" * 11 + b"\r\nb", [None, b"b"]),
        (b"x" * 10 + b"\ry\nb", [None, b"b"]),
        (b"\xff\x00\n", [b"\xff\x00"]),
    ],
)
async def test_lines_come_without_their_ends_and_none_for_one_too_long(
    tmp_path: Path, content: bytes, lines: list[bytes | None]
) -> None:
    path = tmp_path / "input"
    path.write_bytes(content)
    assert await read(path) == lines


async def test_a_line_comes_as_soon_as_it_is_there(pipe: Pipe) -> None:
    lines = read_lines(pipe[0], 100)
    os.write(pipe[1], b"first\nsec")
    assert await anext(lines) == b"first"
    os.write(pipe[1], b"ond\n")
    assert await anext(lines) == b"second"
    os.close(pipe[1])
    assert [line async for line in lines] == []


async def test_unreadable_input_raises_os_error(tmp_path: Path) -> None:
    directory = os.open(tmp_path, os.O_RDONLY)
    try:
        with pytest.raises(OSError):
            await anext(read_lines(directory, 100))
    finally:
        os.close(directory)


async def test_a_file_is_not_read_far_ahead(pipe: Pipe) -> None:
    os.set_blocking(pipe[1], False)
    lines = read_lines(pipe[0], 5000)
    written = 0
    await asyncio.sleep(0)
    for _ in range(200):
        try:
            written += os.write(pipe[1], b"x" * 4000 + b"\n")
        except BlockingIOError:
            await asyncio.sleep(0.001)
    assert written < 150 * 4001 + 65536 * 2
    assert await anext(lines) == b"x" * 4000
    os.close(pipe[1])
    async for _ in lines:
        pass


async def test_all_is_written_in_order(pipe: Pipe) -> None:
    output = Output(pipe[1])
    await asyncio.gather(*(output.write(b"%d " % number) for number in range(100)))
    assert os.read(pipe[0], 65536) == b"".join(b"%d " % number for number in range(100))


async def test_a_write_that_blocks_does_not_block_the_loop(pipe: Pipe) -> None:
    writing = asyncio.create_task(Output(pipe[1]).write(b"x" * 1_000_000))
    await asyncio.sleep(0.01)
    assert not writing.done()
    size = 0
    while size < 1_000_000:
        size += len(os.read(pipe[0], 65536))
    await writing


async def test_a_non_blocking_pipe_is_written_completely(
    pipe: Pipe,
) -> None:
    os.set_blocking(pipe[1], False)
    writing = asyncio.create_task(Output(pipe[1]).write(b"x" * 300_000))
    size = 0
    while size < 300_000:
        await asyncio.sleep(0)
        size += len(os.read(pipe[0], 65536))
    await writing


async def test_a_closed_pipe_is_noticed(pipe: Pipe) -> None:
    os.close(pipe[0])
    with pytest.raises(BrokenPipeError):
        await Output(pipe[1]).write(b"x")


async def test_errors_that_are_not_read_are_dropped_and_counted(pipe: Pipe) -> None:
    report = ErrorOutput(pipe[1])
    for number in range(5000):
        report(f"{number:100}")
    with open(pipe[0], encoding="utf-8", closefd=False) as reader:
        written = 0
        while written + report._dropped < 5000:
            words = reader.readline().split()
            written += int(words[1]) if "dropped:" in words else 1
    report.finish()


def test_a_error_that_cannot_be_written_is_ignored(pipe: Pipe) -> None:
    os.close(pipe[0])
    report = ErrorOutput(pipe[1])
    report("no")
    report.finish()
