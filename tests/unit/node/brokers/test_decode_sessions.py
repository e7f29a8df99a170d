"""Replies about sessions are read as the scripts write them."""

import pytest

from node.brokers import decode_logs, decode_sessions, refusals
from node.brokers.malformed import WRONG
from node.core.model import Denied, Departure, Membership


def test_a_membership_tells_whether_it_is_new() -> None:
    held = [b"tea", b"k1-5-x5", 3, 0, 0]
    new = [b"den", b"k2-1-y1", 1, 1, 0, 1]
    claimed = decode_sessions.claimed([b"ok", 1, b"ana", 7, b"", [], 4, [b"loo"], held, new])
    assert claimed.memberships == [
        Membership("tea", "k1-5-x5", 3, created=False, quiet=False, entered=False),
        Membership("den", "k2-1-y1", 1, created=True, quiet=False, entered=True),
    ]
    assert (claimed.resumed, claimed.nick, claimed.inbox, claimed.refused) == (
        *(True, "ana", None),
        ["loo"],
    )


def test_a_membership_without_a_position_is_malformed() -> None:
    with pytest.raises(WRONG):
        decode_sessions.membership(b"tea", [b"ok", b"nowhere", 1, 0, 0])


def test_a_refusal_is_told_by_its_name() -> None:
    assert refusals.refusal([b"ok", 1]) is None
    assert refusals.refusal([b"banned"]) is Denied.BANNED
    with pytest.raises(WRONG):
        refusals.refusal([b"never heard of"])


def test_a_change_has_its_number_its_notices_and_its_result() -> None:
    frame = b"log r:tea k1 7 idp b2\ne id7 5 -\none"
    reply = [b"ok", b"k1-7-id7", 5, [frame], 4]
    found = decode_sessions.change(decode_sessions.left, -1, reply)
    assert found.changes == 4 and found.result == Departure("k1-7-id7", 5)
    assert found.notices == [decode_logs.notice(frame)._replace(frame=found.notices[0].frame)]
    with pytest.raises(WRONG):
        decode_sessions.change(decode_sessions.left, -1, [b"ok", b"k1-7-id7", b"x", [frame], 4])
