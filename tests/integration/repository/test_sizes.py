"""How large things may be, and who may write which field; exceptions are listed by name."""

import pytest

from tests.support import sizes
from tests.support.repository import ROOT

CODE = ("wire", "node", "client", "bench", "examples")

_SUBJECT = "the tests of one subject, with what they share"
_MODEL = "a model of a whole client, node or network, that records everything for its judge"
_TABLE = "a table of characters"

EXCEPTIONS = {
    "node/core/names/confusables_data.py": _TABLE,
    **dict.fromkeys(
        (
            "tests/integration/brokers/bench.py",
            "tests/integration/brokers/test_clock.py",
            "tests/integration/brokers/test_cost.py",
            "tests/integration/brokers/test_heal.py",
            "tests/integration/brokers/test_malformed.py",
            "tests/integration/brokers/test_moderation.py",
            "tests/integration/brokers/test_steps.py",
            "tests/integration/node/test_settings.py",
            "tests/labs/faults/test_checker.py",
            "tests/unit/node/brokers/test_pipeline.py",
            "tests/unit/node/core/fakes.py",
            "tests/unit/node/core/limits/test_limits.py",
        ),
        _SUBJECT,
    ),
    **dict.fromkeys(
        (
            "tests/integration/system/test_load.py"
            ":test_who_is_cut_off_while_all_talk_misses_nothing_and_says_nothing_twice",
            "tests/labs/faults/chatter.py",
            "tests/labs/faults/chatter.py:Chatter",
            "tests/labs/faults/checker.py:TrackCheck",
            "tests/labs/faults/cluster.py",
            "tests/labs/faults/cluster.py:Cluster",
            "tests/labs/faults/story.py:Story",
            "tests/labs/simulation/audit.py:Audit",
            "tests/labs/simulation/client.py",
            "tests/labs/simulation/client.py:Client",
            "tests/labs/simulation/network.py:Line",
            "tests/labs/simulation/node.py:Life",
            "tests/labs/simulation/world.py",
            "tests/labs/simulation/world.py:World",
        ),
        _MODEL,
    ),
}
"""What is too large, and why. The list may only become shorter."""

_RECORD = "fills in a record, which another file defines, before anybody else has it"

WRITERS = {
    "client/protocol/session.py": _RECORD,
    "client/protocol/unanswered.py": _RECORD,
    "node/brokers/health.py": "sets a gauge of the node's counters",
    "node/brokers/publish_batch.py": _RECORD,
    "node/core/requests/messages.py": _RECORD,
}
"""Files that write fields of objects of other files, and why. The list may only become shorter."""


def test_nothing_is_larger_than_it_may_be() -> None:
    found = [
        str(excess)
        for path, source in sizes.sources(ROOT, *CODE, "tests")
        for excess in sizes.excesses(source, path)
        if excess.name not in EXCEPTIONS
    ]
    assert found == []


def test_every_exception_is_still_needed() -> None:
    found = {
        excess.name
        for path, source in sizes.sources(ROOT, *CODE, "tests")
        for excess in sizes.excesses(source, path)
    }
    assert set(EXCEPTIONS) - found == set()


def test_no_field_is_written_outside_the_file_of_its_class() -> None:
    files = list(sizes.sources(ROOT, "wire", "node", "client"))
    found = [str(write) for write in sizes.foreign_writes(files) if write.path not in WRITERS]
    assert found == []


def test_every_file_that_may_write_elsewhere_does() -> None:
    files = list(sizes.sources(ROOT, "wire", "node", "client"))
    assert set(WRITERS) - {write.path for write in sizes.foreign_writes(files)} == set()


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("x = 1\n" * 301, ["a.py: 301 lines, at most 300"]),
        ("def f():\n" + "    x = 1\n" * 40, ["a.py:f: 41 lines, at most 40"]),
        ('def f():\n    """Do.\n\n    So."""\n' + "    x = 1\n" * 39, []),
        (
            "class C:\n    def f(self):\n        def g():\n" + "            x = 1\n" * 40,
            ["a.py:C.f: 42 lines, at most 40", "a.py:C.f.g: 41 lines, at most 40"],
        ),
        ("class C:\n" + "    x = 1\n" * 250, ["a.py:C: 251 lines, at most 250"]),
        (
            "class C:\n    def f(self):\n"
            + "".join(f"        self.f{n} = {n}\n" for n in range(16)),
            ["a.py:C: 16 fields, at most 15"],
        ),
        ("class C:\n" + "".join(f"    f{n}: int\n" for n in range(16)), []),
    ],
)
def test_what_is_too_large_is_told(source: str, told: list[str]) -> None:
    assert [str(excess) for excess in sizes.excesses(source, "a.py")] == told


def test_a_write_from_another_file_is_told() -> None:
    owner = "class C:\n    def f(self):\n        self.x = self.y = 1\n"
    other = "def g(c):\n    c.x = 2\n    c.z = 3\n"
    counting = "def g(counts):\n    counts.y += 1\n"
    files = [("a.py", owner), ("b.py", other), ("c.py", counting)]
    told = [str(write) for write in sizes.foreign_writes(files)]
    assert told == ["b.py:2 writes .x, a field of a class in another file"]
