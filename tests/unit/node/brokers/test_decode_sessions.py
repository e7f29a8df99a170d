"""Replies about sessions are read as the scripts write them, and so are refusals."""

import re
from typing import Any, Literal, get_args

import pytest

from node.brokers import decode_logs, decode_sessions, scripts
from node.brokers.decode_sessions import REFUSALS, refusal
from node.brokers.malformed import WRONG
from node.core import model
from node.core.model import Denied, Departure, Fenced, Membership, Restored, Unavailable

_RETURNED = re.compile(r"return \{'([a-z]+)'")

CALLS: dict[str, Any] = {
    "begin": None,
    "direct": model.DirectDenied,
    "heal": Literal[Denied.MISSING],  # The node asks then whether it may create the log.
    "hello": model.ClaimDenied,
    "join": model.JoinDenied,
    "leave": None,
    "mayheal": None,
    "nick": model.NickDenied,
    "restore": model.RestoreDenied,
    "standing": None,
}
"""The scripts whose reply is {'ok', ...} or a refusal, and the refusals that its type names."""


@pytest.mark.parametrize(("script", "typed"), CALLS.items())
def test_a_script_refuses_only_what_the_type_of_its_reply_names(script: str, typed: Any) -> None:
    code = re.sub(r"--.*", "", scripts.body(script))
    names = {name.encode() for name in _RETURNED.findall(code)} - {b"ok", b"repeat"}
    found = {REFUSALS[name] for name in names}
    assert {why for why in found if isinstance(why, Denied)} == set(get_args(typed))


def test_a_reply_is_a_refusal_unless_it_is_ok() -> None:
    assert refusal([b"ok", 1]) is None
    assert refusal([b"gone"]) is Fenced.GONE
    assert refusal([b"banned"]) is Denied.BANNED
    assert refusal([b"foreign"]) is Unavailable.UNREACHABLE
    with pytest.raises(WRONG):
        refusal([b"unheard"])


def test_a_membership_tells_whether_it_is_new() -> None:
    held = [b"tea", b"k1-5-x5", 3, 0, 0, b"b1"]
    new = [b"den", b"k2-1-y1", 1, 1, 0, b"b2", 1]
    claimed = decode_sessions.claimed([b"ok", 1, b"ana", 7, b"", [b"loo"], [held, new]])
    assert claimed.memberships == [
        Membership("tea", "k1-5-x5", 3, created=False, quiet=False, birth=b"b1"),
        Membership("den", "k2-1-y1", 1, created=True, quiet=False, birth=b"b2", entered=True),
    ]
    assert (claimed.resumed, claimed.nick, claimed.inbox, claimed.refused) == (
        *(True, "ana", None),
        ["loo"],
    )


def test_a_membership_without_a_position_is_malformed() -> None:
    with pytest.raises(WRONG):
        decode_sessions.membership(b"tea", [b"ok", b"nowhere", 1, 0, 0, b"b1"])


def test_a_change_has_its_number_its_notices_and_its_result() -> None:
    frame = b"log r:tea k1 7 idp b2\ne id7 5 -\none"
    reply = [b"ok", b"k1-7-id7", 5, b"op1", b"70", [frame], 4]
    found = decode_sessions.change(decode_sessions.left, reply)
    assert (found.life, found.gen, found.changes) == (b"op1", 70, 4)
    assert found.result == Departure("k1-7-id7", 5)
    assert found.notices == [decode_logs.notice(frame)._replace(frame=found.notices[0].frame)]
    with pytest.raises(WRONG):
        decode_sessions.change(decode_sessions.left, [*reply[:2], b"x", *reply[3:]])


def test_a_session_that_is_put_back_is_in_rooms_of_known_births() -> None:
    found = decode_sessions.restored([b"ok", [b"tea", b"b1", b"den", b"b2"]])
    assert found == Restored({"tea": b"b1", "den": b"b2"})
    with pytest.raises(WRONG):
        decode_sessions.restored([b"ok", [b"tea"]])
