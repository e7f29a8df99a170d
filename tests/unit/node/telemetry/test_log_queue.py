"""Lines from a thread: in order, whole, and never waited for."""

import os
import threading
from collections.abc import Iterator

import pytest

from node.telemetry.log_queue import LogQueue

WITHIN = 30.0
"""Seconds for a thread to do what it will do at once."""


class Reader:
    """Stands for who reads: takes what is written as soon as it is let, or fails."""

    def __init__(self) -> None:
        self.text = ""
        self.error: OSError | None = None
        self.most = 10**9
        self.asked = threading.Semaphore(0)
        self.reads = threading.Event()

    def write(self, fd: int, data: bytes) -> int:
        self.asked.release()
        assert self.reads.wait(WITHIN)
        if self.error is not None:
            raise self.error
        taken = data[: self.most]
        self.text += taken.decode()
        return len(taken)


@pytest.fixture
def reader() -> Iterator[Reader]:
    reader = Reader()
    yield reader
    reader.reads.set()


def lines_to(reader: Reader, most: int = 1000) -> LogQueue:
    return LogQueue(1, lambda count: f"{count} dropped", most=most, write=reader.write)


def test_lines_are_written_whole_and_in_order(reader: Reader) -> None:
    reader.reads.set()
    reader.most = 7
    lines = lines_to(reader)
    wanted = [f"line {number}, as it is" for number in range(40)]
    for line in wanted:
        lines.put(line)
    assert lines.flush(WITHIN)
    assert reader.text.splitlines() == wanted and lines.dropped == 0


def test_put_never_blocks_and_dropped_lines_are_reported_in_their_place(reader: Reader) -> None:
    lines = lines_to(reader, most=30)
    lines.put("first")
    assert reader.asked.acquire(timeout=WITHIN), "it hangs in a write from here on"
    for number in range(5):
        lines.put(f"later {number}..")
    lines.put("x")  # for which there would be room
    assert lines.dropped == 4
    reader.reads.set()
    assert lines.flush(WITHIN)
    lines.put("last")
    assert lines.flush(WITHIN)
    told = ["first", "later 0..", "later 1..", "4 dropped", "last"]
    assert reader.text.splitlines() == told and lines.dropped == 4


def test_a_line_that_is_too_long_for_an_empty_queue_is_reported_too(reader: Reader) -> None:
    lines = lines_to(reader, most=5)
    lines.put("first")
    assert reader.asked.acquire(timeout=WITHIN)
    lines.put("second")
    reader.reads.set()
    assert lines.flush(WITHIN)
    assert reader.text.splitlines() == ["first", "1 dropped"]


def test_flushing_waits_only_for_so_long(reader: Reader) -> None:
    lines = lines_to(reader)
    lines.put("nobody reads this")
    assert not lines.flush(0.0)


def test_a_pipe_without_a_reader_loses_lines_but_not_those_of_a_later_reader(
    reader: Reader,
) -> None:
    reader.error = BrokenPipeError()
    reader.reads.set()
    lines = lines_to(reader)
    for line in ("one", "two"):
        lines.put(line)
        assert lines.flush(WITHIN)
    assert lines.dropped == 2
    reader.error = None
    lines.put("three")
    assert lines.flush(WITHIN)
    assert reader.text.splitlines() == ["2 dropped", "three"]


def test_a_pipe_that_somebody_made_non_blocking_is_waited_for() -> None:
    read, write = os.pipe()
    os.set_blocking(write, False)
    lines = LogQueue(write, str)
    sent = [f"{number:100}" for number in range(2000)]
    for line in sent:
        lines.put(line)
    with open(read, encoding="utf-8") as file:
        assert [file.readline() for _ in sent] == [f"{line}\n" for line in sent]
    assert lines.flush(WITHIN)
    os.close(write)
