"""A timer that is set again and again."""

from client.transport.runtime import Alarm
from tests.support.scripted import FakeTime


async def test_it_rings_once_at_the_time_that_was_set_last() -> None:
    time = FakeTime()
    rung: list[str] = []
    alarm = Alarm(time.runtime())
    alarm.set(time.now + 1.0, lambda: rung.append("first"))
    alarm.set(time.now + 3.0, lambda: rung.append("second"))
    time.advance(2.0)
    assert not rung
    time.advance(10.0)
    assert rung == ["second"]


async def test_it_is_silent_once_it_is_stopped() -> None:
    time = FakeTime()
    rung: list[str] = []
    alarm = Alarm(time.runtime())
    alarm.set(time.now + 1.0, lambda: rung.append("rung"))
    alarm.stop()
    alarm.stop()
    time.advance(10.0)
    assert not rung
