"""Tables are for people in front of a terminal."""

import pytest

from node.brokers.admin_client import ClusterFacts, NodeRow, SessionRow, Totals
from node.brokers.health import Fault
from node.brokers.shard_status import ShardRow
from node.cli import tables
from node.core.model import ModerationRule


def test_columns_are_aligned_and_numbers_end_flush() -> None:
    table = tables.table(("NAME", ">N", ""), [("a", "1,000", "x"), ("bcdef", "2", "")])
    assert table == "NAME       N\na      1,000  x\nbcdef      2"


def test_nothing_in_a_cell_acts_on_a_terminal() -> None:
    assert tables.table(("X",), [("a\x1b[2J\u202eb",)]) == "X\na\\x1b[2J\\u202eb"


def test_no_rows_are_a_head() -> None:
    assert tables.table(("A", ">B"), []) == "A  B"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3, "0s"),
        (0.9, "0s"),
        (59, "59s"),
        (60, "1m"),
        (3599, "59m 59s"),
        (3600, "1h"),
        (3605, "1h"),
        (90_061, "1d 1h"),
        (1e7, "115d 17h"),
    ],
)
def test_a_span_is_told_in_its_two_largest_units(seconds: float, text: str) -> None:
    assert tables.span(seconds) == text


def test_a_lag_is_told_as_short_as_it_is() -> None:
    assert [tables.lag(ms) for ms in (None, 0.84, 999.0, 1500)] == [
        "-",
        "0.8 ms",
        "999.0 ms",
        "1.5 s",
    ]


def test_things_are_counted_in_words() -> None:
    assert tables.count(1, "node") == "1 node" and tables.count(2000, "room") == "2,000 rooms"


def test_nodes_are_shown_as_a_table() -> None:
    ana = ClusterFacts("node-1", "1.2.0", 1, 1234, 1230, 56, 1.26)
    rows = [NodeRow("i1", True, 1000, ana), NodeRow("i2", False, None, ClusterFacts(), 9.0)]
    assert tables.nodes(rows, 3601.0).splitlines() == [
        "NODE    VERSION  CLIENTS  SESSIONS  ROOMS     LAG  UP",
        "node-1  1.2.0      1,234     1,230     56  1.3 ms  1h",
        "?       ?              -         -      -       -   -  lease over, silent for 9s",
    ]


def test_the_time_that_a_node_is_up_is_its_own() -> None:
    """Redis may have restarted since, and know the node for some seconds only."""
    row = NodeRow("i1", True, 3_600_000, ClusterFacts("a", up=90_061.0))
    assert tables.up(row, 3603.0) == "1d 1h"
    older = NodeRow("i1", True, 3_600_000, ClusterFacts("a"))
    assert tables.up(older, 3603.0) == "3s"


def test_a_node_that_does_not_renew_its_lease_is_marked_before_the_lease_is_over() -> None:
    marks = [
        tables.state(NodeRow("i1", silent < 8, None, ClusterFacts(), silent))
        for silent in (1.0, 2.9, 3.0, 7.9, 8.0)
    ]
    assert marks == ["", "", "silent for 3s", "silent for 7s", "lease over, silent for 8s"]


def test_shards_are_shown_with_what_is_known_about_them() -> None:
    one = ShardRow(
        "10.0.0.1:7", 5461, 1, 1200, True, 9000, 12_400_000, 61.2, 950, 3, [Fault.EVICTS]
    )
    away = ShardRow("10.0.0.2:7", 10_923, 0, 0, False, trouble="Redis: it is away")
    assert tables.shards([one, away]).splitlines() == [
        "SHARD        SLOTS  REPLICAS  ROOMS   KEYS  MEMORY    CPU  CALLS/S",
        "10.0.0.1:7   5,461         1  1,200  9,000   12 MB  1m 1s      950"
        "  has the sessions, 3 slots being moved, evicts",
        "10.0.0.2:7  10,923         0      0      -       -      -        -  Redis: it is away",
    ]


def test_departures_that_wait_for_long_are_told_of_with_the_totals() -> None:
    soon, late = Totals(1, 0, 1, 0, 7, 2.0), Totals(1, 0, 1, 0, 7, 65.0)
    assert "departures" not in tables.totals([], soon)
    assert tables.totals([], late).endswith(
        "1 room, 7 departures or closed rooms waiting for 1m 5s"
    )


def test_the_totals_count_the_nodes_that_live() -> None:
    rows = [
        NodeRow("i1", True, 1, ClusterFacts("a", "1.2.0", clients=1000, sessions=1000)),
        NodeRow("i2", True, 1, ClusterFacts("b", "1.3.0", clients=4, sessions=3)),
        NodeRow("i3", False, 1, ClusterFacts("c", "1.1.0", clients=50)),
    ]
    assert tables.totals(rows, Totals(1007, 4, 1, 0)) == (
        "2 nodes of 2 versions, 1,004 clients, 1,007 sessions (4 without a connection), 1 room"
    )


def test_without_a_node_that_lives_there_are_no_versions_and_no_clients() -> None:
    rows = [NodeRow("i1", False, 1, ClusterFacts("a", "1.2.0", clients=1, sessions=1), 20.0)]
    assert tables.totals(rows, Totals(1, 1, 3, 0)) == (
        "0 nodes, 0 clients, 1 session (1 without a connection), 3 rooms"
    )


def test_clients_that_moved_away_from_a_node_that_died_are_counted_once() -> None:
    """Its lease is not over yet, and what it last told is still there."""
    told = ClusterFacts("a", clients=5, sessions=3)
    rows = [
        NodeRow("i1", True, 1, told, silent=0.5),
        NodeRow("i2", True, 1, ClusterFacts("b", clients=3, sessions=3)),
    ]
    moved = Totals(sessions=3, away=0, rooms=1, orders=0)
    assert tables.clients(rows, moved) == 5  # Two said no hello: perhaps they are still there.
    rows[0].silent = tables.SILENT_FROM
    assert tables.clients(rows, moved) == 3


def test_a_node_that_is_silent_reports_no_faults() -> None:
    rows = [
        NodeRow("i1", True, 1, ClusterFacts("a", faults=["memory"])),
        NodeRow("i2", True, 1, ClusterFacts("b", faults=["forgets"]), silent=5.0),
    ]
    assert tables.reported(rows) == ["memory"]
    assert tables.faults(["memory"]).startswith("Redis: more than nine tenths")


def test_sessions_are_shown_as_a_table() -> None:
    rows = [
        SessionRow("ana", "node-1", "192.0.2.7", 1000, ["general", "tea"]),
        SessionRow("bo", None, "", None, []),
    ]
    assert tables.sessions(rows, 61.0).splitlines() == [
        "NICK  NODE    ADDRESS    SINCE  ROOMS",
        "ana   node-1  192.0.2.7     1m  general tea",
        "bo    (away)  -              -",
    ]


def test_bans_are_shown_as_a_table() -> None:
    bans = [
        ModerationRule("net", "192.0.2.0/24", float("inf"), b"-", ""),
        ModerationRule("nick", "ana", 160.0, b"-", "spam"),
    ]
    assert tables.bans(bans, 100.0).splitlines() == [
        "WHAT                   HOLDS         REASON",
        "network  192.0.2.0/24  until lifted",
        "nick     ana           1m            spam",
    ]
    assert tables.bans([], 0.0) == "Nobody is banned."
