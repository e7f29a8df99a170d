"""The subscriptions of a node: what is wanted is subscribed to, and every confirmation is told."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from node.brokers import connect
from node.brokers import subscriber as subscribers
from node.brokers.contact import Contact
from node.brokers.lease import DEAF_AFTER, PROBE_WITHIN, Lease
from node.brokers.subscriber import CHUNK, Subscriber
from node.core.model import Refused
from tests.integration.brokers.bench import WITHIN, Losses, Place, RecordingSink
from tests.support.redis_server import RedisServer


class Ear:
    """A subscriber, and what it heard."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.heard: list[bytes] = []
        self.confirmed: list[bytes] = []
        self._changed = asyncio.Event()
        self.client = place.client()
        self.subscriber = Subscriber(self.client, self._message, self._confirm)

    def _message(self, payload: bytes) -> None:
        self.heard.append(payload)
        self._changed.set()

    def _confirm(self, channel: bytes) -> None:
        self.confirmed.append(channel)
        self._changed.set()

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until something is true that changes when something is heard."""
        async with asyncio.timeout(WITHIN):
            while not true():
                self._changed.clear()
                await self._changed.wait()

    async def confirms(self, *channels: bytes) -> None:
        """Wait until channels were confirmed, and forget it."""
        await self.until(lambda: set(channels) <= set(self.confirmed))
        self.confirmed.clear()

    async def says(self, channel: bytes, payload: bytes) -> int:
        """Publish something; return how many heard it."""
        return int(await self.place.redis.publish(channel, payload))

    async def unheard(self, channel: bytes) -> None:
        """Wait until nobody listens to a channel any more."""
        async with asyncio.timeout(WITHIN):
            while await self.says(channel, b"anybody?"):
                await asyncio.sleep(0)


@asynccontextmanager
async def listening(place: Place, *channels: bytes) -> AsyncIterator[Ear]:
    """Run a subscriber that wants some channels from the start."""
    ear = Ear(place)
    for channel in channels:
        ear.subscriber.want(channel)
    task = asyncio.create_task(ear.subscriber.run())
    try:
        await ear.confirms(*channels)
        yield ear
        assert not task.done()
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await ear.client.aclose()


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscribers, "BACKOFF", (0.0, 0.01))


async def test_messages_come_from_the_confirmation_on(place: Place) -> None:
    async with listening(place, b"a") as ear:
        assert await ear.says(b"a", b"one") == 1
        ear.subscriber.want(b"b")
        await ear.confirms(b"b")
        await ear.says(b"b", b"two")
        await ear.until(lambda: ear.heard == [b"one", b"two"])


async def test_what_is_subscribed_to_already_is_confirmed_again(place: Place) -> None:
    async with listening(place, b"a") as ear:
        ear.subscriber.want(b"a")
        assert ear.confirmed == [], "not before the caller is done"
        await ear.confirms(b"a")


async def test_what_is_not_wanted_any_more_is_not_heard(place: Place) -> None:
    async with listening(place, b"a", b"b") as ear:
        ear.subscriber.unwant(b"a")
        await ear.unheard(b"a")
        assert await ear.says(b"b", b"still here") == 1


async def test_a_channel_wanted_again_while_it_is_let_go_is_heard(place: Place) -> None:
    async with listening(place, b"a", b"rest") as ear:
        for turns in range(12):
            ear.subscriber.unwant(b"a")
            for _ in range(turns):
                await asyncio.sleep(0)
            ear.subscriber.want(b"a")
            await ear.confirms(b"a")
            async with asyncio.timeout(WITHIN):
                while await ear.says(b"a", b"now") != 1:
                    await asyncio.sleep(0)
                ear.heard.clear()
                await ear.says(b"a", b"again")
                await ear.until(lambda: b"again" in ear.heard)


async def test_many_channels_are_subscribed_to_in_parts(place: Place) -> None:
    channels = [b"c%d" % number for number in range(2 * CHUNK + 10)]
    async with listening(place, *channels) as ear:
        for channel in channels:
            ear.subscriber.unwant(channel)
        ear.subscriber.want(b"last")
        await ear.confirms(b"last")
        await ear.unheard(channels[-1])
        await ear.unheard(channels[0])


async def test_a_connection_that_is_given_up_is_made_anew_and_confirmed(place: Place) -> None:
    async with listening(place, b"a") as ear:
        for number in range(3):
            ear.subscriber.rebuild()
            await ear.confirms(b"a")
            payload = b"after %d" % number
            await ear.says(b"a", payload)
            await ear.until(lambda: payload in ear.heard)
        assert ear.heard == [b"after 0", b"after 1", b"after 2"]


def real(server: RedisServer) -> Place:
    """Return a place at a real Redis."""
    return Place(connect.redis(server.url), Losses(False))


async def test_a_connection_that_was_killed_is_confirmed_again(server: RedisServer) -> None:
    async with real(server) as place, listening(place, b"a", b"b") as ear:
        for _ in range(3):
            await place.redis.client_kill_filter(_type="pubsub")
            await ear.confirms(b"a", b"b")
            assert await ear.says(b"a", b"one") == 1


async def test_what_was_let_go_while_redis_was_away_is_not_heard_again(
    server: RedisServer,
) -> None:
    async with real(server) as place, listening(place, b"a", b"b") as ear:
        await server.kill()
        ear.subscriber.unwant(b"a")
        ear.subscriber.want(b"c")
        await server.start()
        await ear.confirms(b"b", b"c")
        await place.redis.connection_pool.disconnect()
        assert await ear.says(b"a", b"one") == 0


class LeaseBench:
    """A lease whose calls are answered by the test, on a clock that stands still."""

    def __init__(self) -> None:
        self.time = 0.0
        self.calls: list[tuple[str, Callable[[object], None]]] = []
        self.rebuilt = 0
        self.wanted: list[bytes] = []
        self.sink = RecordingSink()
        self.lease = Lease(
            8.0,
            lambda script, args, deadline, done, *lane: self.calls.append((script, done)),
            self,  # type: ignore[arg-type]
            lambda: self.sink,
            lambda hold, quit: None,
            list,
            lambda id: None,
            lambda: self.time,
            iter(("inc1", "p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9")).__next__,
            Contact(),
        )

    def want(self, channel: bytes) -> None:
        self.wanted.append(channel)

    def rebuild(self) -> None:
        self.rebuilt += 1

    def renew(self, reply: object, after: float = 1.0) -> None:
        """Renew the lease, and answer it."""
        self.time += after
        self.lease.renew()
        self.calls.pop()[1](reply)


async def test_a_node_is_ready_while_its_probes_come_back() -> None:
    bench = LeaseBench()
    assert bench.wanted == [b"chat:node:inc1"]
    assert bench.lease.unready() is not None
    bench.renew([b"new", 0, 0, b"", 0, 0, 0, 0, b""])
    assert bench.lease.unready() is not None
    bench.lease.heard(1)
    assert bench.lease.unready() is None
    bench.time += PROBE_WITHIN
    assert bench.lease.unready() == "no probe has come back for 5 s"
    bench.renew(Refused.UNAVAILABLE)
    assert "does not answer" in (bench.lease.unready() or "")
    bench.lease.heard(2)
    assert bench.lease.unready() is None


async def test_a_subscription_that_is_deaf_is_made_anew() -> None:
    bench = LeaseBench()
    bench.renew([b"new", 0, 0, b"", 0, 0, 0, 0, b""])
    bench.lease.heard(1)
    for seconds in (1.0, DEAF_AFTER - 0.5):
        bench.renew([b"ok", 0, 0, b"", 0, 0, 0, 0, b""], seconds)
        assert bench.rebuilt == 0
    bench.renew([b"ok", 0, 0, b"", 0, 0, 0, 0, b""])
    assert bench.rebuilt == 1
    bench.renew([b"ok", 0, 0, b"", 0, 0, 0, 0, b""])
    assert bench.rebuilt == 1, "the new one gets its time as well"


async def test_a_node_never_serves_data_of_another_format() -> None:
    bench = LeaseBench()
    bench.renew([b"format", b"99"])
    assert "99" in (bench.lease.unready() or "") and bench.lease.refused


async def test_a_format_that_is_not_known_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    bench = LeaseBench()
    for _ in range(3):
        bench.renew([b"format", b"99"])
    [said] = caplog.messages
    assert "format 99" in said and "upgrade this node" in said
    caplog.clear()
    bench.renew([b"format", b"0"])
    [said] = caplog.messages
    assert "format 0" in said and "too new for them" in said
    bench.renew([b"format", b"\xff?"])
    assert bench.lease.refused


async def test_a_node_whose_data_become_newer_is_unready_at_once_and_lets_go_of_all() -> None:
    bench = LeaseBench()
    bench.renew([b"new", 0, 0, b"", 0, 0, 0, 0, b""])
    bench.lease.heard(1)
    assert bench.lease.unready() is None
    bench.renew([b"format", b"2"])
    assert "format 2" in (bench.lease.unready() or "")
    assert bench.sink.told == [("estranged",)]


async def test_a_node_serves_again_when_the_data_are_what_it_knows() -> None:
    bench = LeaseBench()
    bench.renew([b"format", b"2"])
    bench.renew([b"new", 0, 0, b"", 0, 0, 0, 0, b""])
    bench.lease.heard(2)
    assert bench.lease.unready() is None and not bench.lease.refused
