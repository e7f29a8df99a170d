"""Whatever a reply looks like, reading it raises nothing but what its readers expect."""

import contextlib
import inspect
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.brokers import decode_logs, decode_seats, decode_sessions, decode_upkeep
from node.brokers.malformed import WRONG, Malformed, ProblemLog
from node.brokers.publish_batch import directed
from node.core.model import FencingToken, PendingMessage
from node.telemetry.metrics import Metrics

scalars = st.one_of(
    st.integers(),
    st.none(),
    st.binary(max_size=9),
    st.just(b"ok"),
    st.just(b"on"),
    st.just(b"k-1-x"),
)
answers = st.recursive(scalars, lambda inner: st.lists(inner, max_size=6), max_leaves=20)
POST = PendingMessage(FencingToken("s1", "n.1"), b"1", "", b"x", 9.0, lambda reply: None)
READERS: list[tuple[str, Callable[[Any], Any]]] = [
    ("log_of", decode_logs.log_of),
    ("entries", decode_logs.entries),
    ("slice_of", decode_logs.slice_of),
    ("page", decode_logs.page),
    ("members", decode_sessions.members),
    ("rooms", decode_sessions.rooms),
    ("stored", decode_logs.stored),
    ("directed", lambda found: directed(found, POST, b"", b"")),
    ("repeated", decode_logs.repeated),
    ("published", lambda found: decode_logs.published(found, "r:tea", [POST])),
    ("looked", lambda found: decode_logs.looked(found, [POST])),
    ("compared", decode_logs.compared),
    ("greeted", decode_sessions.greeted),
    ("joined", decode_sessions.joined),
    ("parted", decode_sessions.parted),
    ("standing", decode_sessions.standing),
    ("moderation_rules", lambda found: decode_upkeep.moderation_rules(found, 1.0)),
    ("newest", decode_upkeep.newest),
    ("head", decode_upkeep.head),
    ("announcement", decode_upkeep.announcement),
    ("moved", decode_upkeep.moved),
    ("probe", decode_upkeep.probe),
    ("tokens", decode_upkeep.tokens),
    ("left", decode_sessions.left),
    ("renamed", decode_sessions.renamed),
    ("reaped", decode_upkeep.reaped),
    ("restored_rules", decode_upkeep.restored_rules),
    ("healed", decode_logs.healed),
    ("sent", decode_logs.sent),
    ("allowed", decode_logs.allowed),
    ("restored", decode_sessions.restored),
    ("change", lambda found: decode_sessions.change(decode_sessions.left, found)),
    ("settled", lambda found: decode_seats.settled(found, 2)),
    ("departures", decode_seats.departures),
    ("rows", decode_seats.rows),
    ("outs", decode_seats.outs),
    ("raised", decode_seats.raised),
    ("adopted", decode_seats.adopted),
    ("verdicts", lambda found: decode_seats.verdicts(found, 1)),
    ("listed", decode_seats.listed),
    ("notice", decode_logs.notice),
    ("renewed", decode_upkeep.renewed),
    ("refusal", decode_sessions.refusal),
    ("sections", decode_upkeep.sections),
    ("whoami", decode_upkeep.whoami),
    ("frame", decode_logs.frame),
]


@pytest.mark.parametrize("read", [read for _, read in READERS], ids=[name for name, _ in READERS])
@settings(max_examples=40)
@given(answers)
def test_a_reader_of_replies_raises_nothing_but_what_is_expected(
    read: Callable[[Any], Any], found: Any
) -> None:
    with contextlib.suppress(*WRONG):
        read(found)


def test_every_reader_of_replies_is_tried() -> None:
    known = {name for name, _ in READERS if name != "directed"} | {"position"}
    modules = (decode_logs, decode_seats, decode_sessions, decode_upkeep)
    found = {
        name
        for module in modules
        for name, what in vars(module).items()
        if inspect.isfunction(what) and what.__module__ == module.__name__ and name[0] != "_"
    }
    assert found == known


def test_a_kind_of_problem_is_counted_each_time_and_logged_once_a_minute(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now, metrics = [0.0], Metrics()
    problems = ProblemLog(metrics, lambda: now[0])
    for now[0] in (0.0, 59.0, 60.0):
        problems.dropped("frame", Malformed("why"))
    problems.dropped("reply", Malformed("why"))
    assert metrics.malformed == 4
    assert [record.args for record in caplog.records] == [
        ("frame", "why"),
        ("frame", "why"),
        ("reply", "why"),
    ]
