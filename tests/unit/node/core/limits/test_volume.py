"""What an address may write into logs in a day: short messages are free, the rest is counted."""

from node.core.config import Limit
from node.core.limits.admission import DAY, AddressUsage, Admission, Bounds
from node.core.limits.token_bucket import TokenBucket
from node.core.limits.volume import SHORT
from tests.unit.node.core.fakes import Client, HubBench
from wire import messages as m

MIB = 1 << 20


def caller_of(size: int) -> AddressUsage:
    """Return an address that may write so many bytes in a day."""
    caller = Admission(Bounds(bytes=size)).enter("192.0.2.7", 1000.0)
    assert isinstance(caller, AddressUsage)
    return caller


def bench_with(size: int) -> tuple[HubBench, Client, AddressUsage]:
    """Return a client whose address may write so many bytes in a day."""
    bench = HubBench()
    ana = bench.welcome("ana")
    caller = caller_of(size)
    ana.connection.quota.share(caller)
    return bench, ana, caller


def last_error(client: Client) -> m.Error:
    """Return the last thing that a client was told, an error."""
    error = client.events()[-1]
    assert isinstance(error, m.Error)
    return error


def test_short_messages_are_free_however_many() -> None:
    bench, ana, caller = bench_with(1000)
    for _ in range(10_000):
        ana.says(m.Send(room="general", text="x" * 150))
    assert bench.broker.names() == ["publish"] * 10_000
    assert caller.volume is not None and caller.volume.rests(1000.0)


def test_an_address_writes_so_much_that_is_long_and_gets_it_back_in_a_day() -> None:
    bench, ana, caller = bench_with(MIB)
    other = bench.welcome("bo", key="b" * 16)
    other.connection.quota.share(caller)
    sent = 0
    while True:
        for client in (ana, other):
            client.says(m.Send(room="general", text="x" * 4000, id="i", ref="r"))
        if len(bench.broker.names()) == sent:
            break
        sent = len(bench.broker.names())
    assert MIB * 0.98 < sent * (4000 - SHORT) < MIB
    error = last_error(ana)
    assert (error.code, error.id, error.room, error.ref) == ("rate-limited", "i", "general", "r")
    assert "direct and long messages" in error.text
    assert error.retry_after_ms is not None and 60_000 < error.retry_after_ms < 1_000_000
    assert bench.metrics.limited[Limit.ADDRESS_BYTES] >= 2
    ana.says(m.Send(room="general", text="short"))
    assert len(bench.broker.names()) == sent + 1, "what is short is still taken"
    assert caller.volume is not None
    assert caller.volume.take(1000.0 + DAY / 2, MIB // 2 + 5000) > 0
    assert caller.volume.take(1000.0 + DAY / 2, MIB // 2 - 5000) == 0.0


def test_directs_count_from_the_first_byte() -> None:
    bench, ana, _ = bench_with(10_000)
    for _ in range(100):
        ana.says(m.SendDirect(to="bo", text="x"))
    assert 40 < len(bench.broker.names()) < 80
    assert last_error(ana).code == "rate-limited"


def test_who_no_limit_concerns_writes_what_they_like() -> None:
    bench = HubBench()
    ana = bench.welcome("ana")
    for caller in (None, Admission(Bounds(per_address=5)).enter("192.0.2.7", 1000.0)):
        assert caller is None or isinstance(caller, AddressUsage)
        ana.connection.quota.share(caller)
        for _ in range(100):
            ana.says(m.Send(room="general", text="x" * 4000))
            ana.says(m.SendDirect(to="bo", text="x" * 4000))
    assert len(bench.broker.names()) == 400


def test_a_limiter_gives_all_that_is_asked_for_or_nothing() -> None:
    bucket = TokenBucket(10, 100)
    assert bucket.take(0.0, 60) == 0.0
    assert abs(bucket.take(0.0, 60) - 2.0) < 1e-9
    assert bucket.take(0.0, 40) == 0.0 and bucket.take(0.0) > 0
    assert bucket.take(10.0, 100) == 0.0
