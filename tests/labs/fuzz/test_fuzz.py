"""The kept corpus, a few thousand mutations of it, and that a bug of the node would be told."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.core.session.connection import ClientConnection
from node.core.session.states import State
from tests.labs.fuzz import frames, mutate
from tests.labs.fuzz import target as fuzzed
from tests.labs.fuzz.target import WEBSOCKET, Broken, Target
from wire import messages as m
from wire.errors import Code, Reason

SEEDS = {path.name: path for path in sorted(mutate.CORPUS.iterdir())}


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    with Target() as made:
        yield made


@pytest.mark.parametrize("name", SEEDS)
def test_an_input_of_the_corpus_breaks_nothing(name: str, target: Target) -> None:
    target.run(SEEDS[name].read_bytes())


def test_a_good_stream_is_answered_to_its_end(target: Target) -> None:
    events = target.run(SEEDS["session-whole"].read_bytes())
    assert isinstance(events[0], m.Welcome)
    assert isinstance(events[-1], m.Bye) and events[-1].reason == Reason.QUIT


@pytest.mark.parametrize("name", ["not-json", "not-object", "not-utf8", "http", "tls"])
def test_what_is_not_the_protocol_gets_an_error_and_goodbye(name: str, target: Target) -> None:
    error, bye = target.run(SEEDS[name].read_bytes() + b"\n")[-2:]
    assert isinstance(error, m.Error) and error.code == Code.BAD_REQUEST
    assert isinstance(bye, m.Bye) and bye.reason == Reason.PROTOCOL


def test_mutated_streams_break_nothing(target: Target) -> None:
    rng, seeds = Random(6), mutate.corpus()
    for _ in range(1500):
        target.run(mutate.mutated(rng, seeds))


def test_a_good_stream_in_frames_is_answered_to_its_end(target: Target) -> None:
    data = SEEDS["session-whole"].read_bytes()
    events = target.run(
        b"".join(frames.frame(Random(6), line, 1) for line in data.splitlines()), WEBSOCKET
    )
    assert any(isinstance(event, m.Welcome) for event in events)
    assert isinstance(events[-1], m.Bye) and events[-1].reason == Reason.QUIT


def test_mutated_frames_break_nothing(target: Target) -> None:
    rng, seeds = Random(6), mutate.corpus()
    for _ in range(1000):
        data = mutate.mutated(rng, seeds) if rng.random() < 0.5 else rng.choice(seeds)
        target.run(frames.framed(rng, data), WEBSOCKET)


@given(st.binary(max_size=200))
def test_random_bytes_in_the_place_of_frames_break_nothing(target: Target, data: bytes) -> None:
    target.run(data, WEBSOCKET)


def test_a_node_that_closes_with_another_code_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = replace(WEBSOCKET, goodbye=lambda _reason: b"\x88\x02\x03\xe8")
    monkeypatch.setattr(fuzzed, "WEBSOCKET", wrong)
    with Target() as target, pytest.raises(Broken, match="close frame"):
        target.run(b"\x81\x80\0\0\0\0", wrong)


@given(st.lists(st.binary(max_size=40) | st.sampled_from(mutate.SCRAPS), max_size=8).map(b"".join))
def test_random_bytes_break_nothing(target: Target, data: bytes) -> None:
    target.run(data)


@given(st.binary(max_size=200))
def test_random_bytes_after_a_hello_break_nothing(target: Target, data: bytes) -> None:
    target.run(b'{"type":"hello","nick":"ana","rooms":["general"]}\n' + data)


def test_what_a_node_raises_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ClientConnection, "refuse_early", lambda *_: 1 / 0)
    with Target() as target, pytest.raises(ZeroDivisionError):
        target.run(SEEDS["before-welcome"].read_bytes())


def _to_newcomers(connection: ClientConnection, event: m.Event) -> None:
    """A bug: whoever has been welcomed is told nothing more."""
    if connection.state in (State.NEW, State.GREETING):
        connection.transport.write(connection.encoder.event(event))


def test_a_node_that_forgets_the_others_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ClientConnection, "send", _to_newcomers)
    with Target() as target, pytest.raises(Broken, match="no pong"):
        target.run(b"\n")


def test_mutations_are_the_same_for_the_same_seed() -> None:
    seeds = mutate.corpus()
    once, again = ([mutate.mutated(Random(n), seeds) for n in range(50)] for _ in range(2))
    assert once == again
