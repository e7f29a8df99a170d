"""What is stored with a time is looked after: it ends, and not later than it should."""

from node.core.model import Stored
from tests.integration.brokers.bench import Node, Place

LEASE_MS, GRACE_MS = 8_000, 30_000


async def tidy(place: Place, now: float = 9e15, grace: int = GRACE_MS, most: int = 100) -> object:
    """Tidy up, as one of many."""
    return await place.run("tidy", LEASE_MS, grace, int(now), most)


async def now_ms(place: Place) -> int:
    """Return the time of Redis."""
    seconds, micros = await place.redis.time()
    return int(seconds) * 1000 + int(micros) // 1000


async def test_no_deadline_is_further_ahead_than_its_own_length(place: Place, node: Node) -> None:
    for key in ("grace", "nodes", "idle"):
        await place.redis.zadd("chat:{c}:" + key, {"late": 9e15, "early": 5})
    assert await tidy(place) == 0
    now = await now_ms(place)
    for key, length in (("grace", GRACE_MS), ("nodes", LEASE_MS), ("idle", 0)):
        late = await place.redis.zscore("chat:{c}:" + key, "late") or 0.0
        assert 0 <= now + length - late < 5_000
        assert await place.redis.zscore("chat:{c}:" + key, "early") == 5


async def test_a_lot_is_tidied_up_in_parts(place: Place, node: Node) -> None:
    await place.redis.zadd("chat:{c}:grace", {f"s{number}": 9e15 for number in range(5)})
    assert [await tidy(place, most=3) for _ in range(3)] == [1, 0, 0]


async def test_ids_outlive_redis_own_expiry_while_somebody_goes_on_sending(
    place: Place, node: Node
) -> None:
    hold, _ = await node.hello("s1", "ana")
    await node.hello("s2", "bo")
    first = await node.direct(hold, "bo", "hi", "once")
    assert isinstance(first, Stored)
    await place.redis.zadd("chat:{c}:sents", {"s1": 5})
    await place.redis.pexpire("chat:{c}:sent:s1", 1_000)
    await tidy(place)
    assert await place.redis.pttl("chat:{c}:sent:s1") > 300_000
    assert await place.redis.zscore("chat:{c}:sents", "s1") == first.at + 300_000


async def test_ids_are_forgotten_when_the_newest_does_not_count_any_more(
    place: Place, node: Node
) -> None:
    hold, _ = await node.hello("s1", "ana")
    await node.hello("s2", "bo")
    await node.direct(hold, "bo", "hi", "once")
    old = "1 i:s2 k-1-a bo"
    await place.redis.hset("chat:{c}:sent:s1", mapping={"once": old, "": old})
    await place.redis.zadd("chat:{c}:sents", {"s1": 5})
    await tidy(place, now=4)
    assert (
        await place.redis.zscore("chat:{c}:sents", "s1") == 5
    ), "it was not over when it was asked"
    await tidy(place)
    assert await place.redis.zscore("chat:{c}:sents", "s1") is None
    assert 0 < await place.redis.pttl("chat:{c}:sent:s1") <= 300_000
    # Somebody says something just then.
    assert isinstance(await node.direct(hold, "bo", "hi", "again"), Stored)
    assert await place.redis.pttl("chat:{c}:sent:s1") > 300_000
    assert await place.redis.zscore("chat:{c}:sents", "s1") is not None


async def test_words_of_before_and_of_now_tell_the_same(place: Place, node: Node) -> None:
    """A recipient may be called a number; and what people are told is not what deadlines use."""
    now = await now_ms(place)
    seconds = 400_000
    for id, value in {
        "plain": f"{now} i:s2 k-1-a 12345",
        "direct": f"{now} i:s2 k-1-a -{seconds}",
        "ahead": f"{now + seconds} i:s2 k-1-a  -{seconds}",
        "named": f"{now + seconds} i:s2 k-1-a 12345 -{seconds}",
    }.items():
        await place.redis.hset("chat:{c}:sent:s1", id, value)
        kept = await node.ask("sent", None, "s1", id)
        assert isinstance(kept, Stored), id
        assert kept.to == {"direct": f"-{seconds}", "named": "12345", "plain": "12345"}.get(id, "")
    await place.redis.hset("chat:{c}:sent:s1", "old", f"{now} i:s2 k-1-a  -{seconds}")
    assert await node.ask("sent", None, "s1", "old") is None
