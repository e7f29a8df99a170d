"""Replies about sessions are read as the scripts write them, and so are refusals."""

import re
from typing import Any, Literal, get_args

import pytest

from node.brokers import decode_seats, decode_sessions, scripts
from node.brokers.decode_seats import Row
from node.brokers.decode_sessions import REFUSALS, Change, Ending, refusal
from node.brokers.malformed import WRONG
from node.core import model
from node.core.entries import Position
from node.core.model import Denied, Fenced, Renaming, Unavailable

_RETURNED = re.compile(r"return \{?'([a-z]+)'")

CALLS: dict[str, Any] = {
    "adopt": None,
    "begin": None,
    "direct": model.DirectDenied,
    "drop": None,
    "heal": Literal[Denied.MISSING],  # The node asks then whether it may create the log.
    "hello": model.ClaimDenied,
    "join": model.JoinDenied,
    "leave": None,
    "mayheal": None,
    "nick": model.NickDenied,
    "raise": None,
    "restore": model.RestoreDenied,
    "standing": None,
    "verify": None,
}
"""The scripts whose reply is {'ok', ...} or a refusal, and the refusals that its type names."""


@pytest.mark.parametrize(("script", "typed"), CALLS.items())
def test_a_script_refuses_only_what_the_type_of_its_reply_names(script: str, typed: Any) -> None:
    code = re.sub(r"--.*", "", scripts.body(script))
    if " taken(" in code:
        code += scripts.part("finish")
    names = {name.encode() for name in _RETURNED.findall(code)} - {b"ok", b"repeat", b"ending"}
    found = {REFUSALS[name] for name in names}
    assert {why for why in found if isinstance(why, Denied)} == set(get_args(typed))


def test_a_reply_is_a_refusal_unless_it_is_ok() -> None:
    assert refusal([b"ok", 1]) is None
    assert refusal([b"gone"]) is Fenced.GONE
    assert refusal([b"banned"]) is Denied.BANNED
    assert refusal([b"foreign"]) is Unavailable.UNREACHABLE
    with pytest.raises(WRONG):
        refusal([b"unheard"])


def test_a_nick_of_a_session_that_has_just_ended_is_not_free_yet() -> None:
    assert refusal([b"ending", b"s2"]) == Ending("s2")
    with pytest.raises(WRONG):
        refusal([b"ending"])


TEA = [b"tea", b"b1", 1, 3, 1]
"""A row of a room: created, three sessions are in it, one of them has come in just now."""
OUT = [b"s1", b"7", b"den", b"op0", b"lost", b"x1", b"b2", b"", b"ana", b"Ana"]
"""A departure."""
LEFT = decode_seats.Departure("s1", 7, "den", b"op0", "lost", "x1", b"b2", b"", "ana", "Ana")


def test_a_session_that_begins_is_read_with_its_rooms_and_departures() -> None:
    found = [b"ok", 0, b"Ana", b"ana", 9, b"k1-2-y", [b"loo"], [TEA], [OUT], 1, b"op1", b"8", 4]
    assert decode_sessions.change(decode_sessions.greeted, found) == Change(
        *(b"op1", 8, 4),
        decode_sessions.Greeted(
            *(False, "Ana", "ana", 9, Position(b"k1", 2, b"y"), ["loo"]),
            *([Row("tea", b"b1", True, 3, True)], [LEFT], True),
        ),
    )
    continued = decode_sessions.greeted([b"ok", 1, b"Ana", b"ana", 9, b"", [], [], [], 0])
    assert continued.resumed and continued.inbox is None and not continued.renamed


def test_a_change_has_life_generation_and_number_at_its_end() -> None:
    reply = [b"ok", [OUT], b"op1", b"70", 4]
    assert decode_sessions.change(decode_sessions.left, reply) == Change(b"op1", 70, 4, [LEFT])
    for wrong in ([b"ok", [OUT]], [b"ok", [OUT], 1, b"70", 4], [b"ok", [OUT], b"op1", b"", 4]):
        with pytest.raises(WRONG):
            decode_sessions.change(decode_sessions.left, wrong)


def test_a_session_joins_one_room() -> None:
    joined = decode_sessions.joined([b"ok", TEA, b"Ana", b"ana", [OUT]])
    assert joined == ([*decode_seats.rows([TEA])][0], "Ana", "ana", [LEFT])
    with pytest.raises(WRONG):
        decode_sessions.joined([b"ok", [], b"Ana", b"ana", []])


def test_a_session_that_stands_is_renamed_or_put_back_has_its_rooms() -> None:
    rows = decode_seats.rows([TEA])
    standing = decode_sessions.standing([b"ok", b"Ana", b"ana", 5, [TEA]])
    assert standing == ("Ana", "ana", 5, rows)
    assert decode_sessions.renamed([b"ok", b"Ana", 5, [TEA]]) == (Renaming("Ana", 5), rows)
    assert decode_sessions.restored([b"ok", b"Ana", b"ana", [TEA], [OUT]]) == (
        *("Ana", "ana", rows, [LEFT]),
    )
    with pytest.raises(WRONG):
        decode_sessions.restored([b"ok", b"Ana", b"ana", [TEA[:4]], []])


def test_a_session_that_parts_has_departures_and_a_number_only() -> None:
    assert decode_sessions.parted([[OUT], 4]) == ([LEFT], 4)
    with pytest.raises(WRONG):
        decode_sessions.parted([[OUT]])
