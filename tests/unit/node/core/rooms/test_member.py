"""The states of a member, and what belongs to each."""

from typing import cast

import pytest

from node.core.entries import CURRENT, UNKNOWN, Cursor, SeenBranch
from node.core.rooms.member import Member, MemberState
from node.core.rooms.past import NOTHING
from tests.unit.node.core.fakes import EPOCH, FakeReader, at, entry

SEEN = SeenBranch(EPOCH, 3, 5)


def started(cursor: Cursor | None = None) -> Member:
    """Return a member that begins to read at offset 3, or at a client's cursor."""
    member = Member(FakeReader())
    assert member.state is MemberState.ABSENT and not member.is_fed
    member.start(at(3), cursor, NOTHING)
    return member


def test_a_new_member_is_behind_where_it_joined() -> None:
    member = started()
    assert member.state is MemberState.BEHIND and member.is_fed
    assert (member.cursor, member.branch, member.unverified) == (at(3), UNKNOWN, False)


def test_the_cursor_of_a_client_is_not_believed() -> None:
    member = started(Cursor(at(7)))
    assert (member.cursor, member.branch, member.unverified) == (at(7), UNKNOWN, True)


def test_a_cursor_that_names_a_lost_branch_is_of_the_current_one() -> None:
    member = started(Cursor(at(7), SEEN))
    assert (member.branch, member.seen) == (CURRENT, SEEN)


def test_a_live_member_has_no_cursor_and_needs_no_look_at_the_log() -> None:
    member = started(Cursor(at(7)))
    member.go_live()
    assert member.state is MemberState.LIVE and not member.is_fed
    assert member.cursor is None and not member.unverified


def test_a_member_falls_behind_at_the_top() -> None:
    member = started()
    member.go_live()
    member.fall_behind(at(9), b"b1", NOTHING)
    assert member.state is MemberState.BEHIND
    assert (member.cursor, member.branch) == (at(9), b"b1")


def test_a_member_that_falls_behind_remembers_what_it_saw_while_it_was_live() -> None:
    member = started()
    member.go_live()
    back = [entry(10, "x8", original="k1-8 5"), entry(11, "x9", original="k1-9 5"), entry(12)]
    member.fall_behind(at(9), b"b1", NOTHING.with_seen(SeenBranch(b"k1", 5, 8)))
    assert member.unseen(back) == back[1:]
    member.start(at(9), None, NOTHING)
    assert member.unseen(back) == back, "a client that begins again has seen none of it"


def test_a_member_has_seen_nothing_of_branches_that_were_lost_before_it_was_added() -> None:
    member, before = Member(FakeReader()), NOTHING.with_seen(SeenBranch(b"k1", 5, 8))
    member.start(at(3), None, before)
    member.go_live()
    member.fall_behind(at(9), b"b1", before.with_seen(SeenBranch(b"k2", 5, 9)))
    back = [entry(10, "x8", original="k1-8 5"), entry(11, "x9", original="k2-9 5")]
    assert member.unseen(back) == back[:1]


def test_a_stopped_member_is_not_fed_until_it_resumes_or_leaves() -> None:
    member = started()
    member.stop()
    assert member.state is MemberState.STOPPED and not member.is_fed and not member.is_leaving
    member.resume()
    assert member.is_fed and not member.is_leaving


def test_a_leaving_member_is_fed() -> None:
    member = started()
    member.stop()
    member.leave(at(9), None)
    assert member.state is MemberState.LEAVING and member.is_fed and member.is_leaving


def test_the_removal_of_a_leaving_member_is_reported_once() -> None:
    member, told = started(), []
    member.leave(at(9), lambda: told.append("gone"))
    done = member.remove()
    assert done is not None and member.state is MemberState.ABSENT and member.end is None
    done()
    assert told == ["gone"] and member.remove() is None


def test_a_read_goes_on_whatever_state_the_member_is_in() -> None:
    member = started()
    member.begin_read()
    member.stop()
    assert member.reading
    member.end_read()
    assert not member.reading and member.state is MemberState.STOPPED


@pytest.mark.parametrize(("cursor", "lookups"), [(None, 0), (Cursor(at(7)), 1)])
def test_only_the_first_look_at_a_clients_cursor_is_charged(
    cursor: Cursor | None, lookups: int
) -> None:
    member = started(cursor)
    member.verify()
    member.verify()
    assert cast(FakeReader, member.reader).lookups == lookups and not member.unverified


def test_what_a_member_has_seen_in_a_lost_branch_is_not_new_to_it() -> None:
    member = started()
    there = [entry(6, "y6"), entry(7, "x4", original="k1-4 3"), entry(8, original="k1-8 3")]
    assert member.unseen(there) == there
    member.note_seen(SEEN)
    assert member.unseen(there) == [there[0], there[2]]
