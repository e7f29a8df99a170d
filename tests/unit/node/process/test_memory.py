"""The mark of memory: new clients are refused above it, and that is logged once."""

import logging

import pytest

from node.process import memory
from node.process.memory import MIB, MemoryWatch


def test_the_memory_that_is_used_is_found() -> None:
    assert MIB < memory.resident() < 10**6 * MIB
    memory.give_back()


def test_above_the_mark_new_clients_are_refused_until_it_is_well_below(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    watch = MemoryWatch(100 * MIB)
    seen = []
    for used in (99, 101, 99, 96, 94, 99):
        watch.look(used * MIB)
        seen.append(watch.full)
    assert seen == [False, True, True, True, False, False]
    assert [record.getMessage() for record in caplog.records] == [
        "short of memory: refusing new clients",
        "enough memory again: accepting new clients",
    ]


def test_far_above_the_mark_no_client_is_admitted() -> None:
    watch = MemoryWatch(100 * MIB)
    watch.look(125 * MIB)
    assert watch.full and not watch.overflowing
    watch.look(126 * MIB)
    assert watch.overflowing
    watch.look(99 * MIB)
    assert not watch.overflowing


def test_giving_memory_back_is_tried_once_in_a_while_and_only_above_the_mark() -> None:
    watch = MemoryWatch(100 * MIB)
    assert not watch.look(99 * MIB)
    tried = [watch.look(101 * MIB) for _ in range(2 * memory.TRIM_EVERY)]
    assert tried.count(True) == 2 and tried[0]


def test_without_a_mark_there_is_memory_for_all() -> None:
    watch = MemoryWatch(0)
    assert not watch.look(10**15) and not watch.full and not watch.overflowing
