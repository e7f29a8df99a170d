"""Seats in rooms of a server that was away, while the one with the sessions was not."""

from tests.unit.node.brokers.audit_bench import LEASE, SEAT, AuditBench


def away_and_back() -> AuditBench:
    """Return an audit that has looked through all rooms; then the server of `tea` was away."""
    bench = AuditBench(alone=False, servers=2)
    tea = bench.servers[1].contact
    tea.answered(0.0, 0.0)
    bench.pass_seconds(LEASE + 1)
    bench.page()
    bench.page()
    tea.lost()
    bench.time += 1.0
    tea.answered(bench.time, bench.time)
    return bench


def test_seats_are_not_compared_while_their_room_may_still_be_healed() -> None:
    """A server of rooms went back: those who left since then have seats there, for a moment."""
    bench = away_and_back()
    bench.pass_seconds(1)
    assert bench.listed() == "chat:{r:den}", "its server never was away"
    bench.page()
    bench.pass_seconds(1)
    assert bench.calls == []
    bench.pass_seconds(1)
    assert bench.listed() == "chat:{r:tea}"


def test_nobody_is_corrected_in_a_room_whose_server_was_away_since_it_was_asked() -> None:
    bench = away_and_back()
    bench.pass_seconds(3)
    bench.page()
    bench.page(SEAT)
    bench.servers[1].contact.lost()
    bench.answer("verify", [b"ok", [b"out", b"7"]])
    assert bench.calls == []
