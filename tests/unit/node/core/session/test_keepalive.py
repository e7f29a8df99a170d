"""A client is judged by when it last spoke and last read."""

from node.core.config import Config
from node.core.session.keepalive import SLOW_FOR, Keepalive, Verdict

CONFIG = Config(ping_after=20.0, idle_after=60.0, hello_within=5.0)


def verdict(
    keepalive: Keepalive, now: float, greeted: bool = True, unread: int = 0, short: bool = False
) -> Verdict:
    """Judge a client."""
    return keepalive.verdict(now, CONFIG, greeted, unread, short)


def test_a_client_that_speaks_is_fine() -> None:
    keepalive = Keepalive(0.0)
    keepalive.hear(50.0)
    assert verdict(keepalive, 69.9) is Verdict.FINE


def test_a_silent_client_is_pinged_once_until_it_speaks_again() -> None:
    keepalive = Keepalive(0.0)
    assert [verdict(keepalive, now) for now in (20.0, 21.0)] == [Verdict.PING, Verdict.FINE]
    keepalive.hear(22.0)
    assert [verdict(keepalive, now) for now in (23.0, 42.0)] == [Verdict.FINE, Verdict.PING]


def test_a_client_that_is_silent_for_too_long_is_idle() -> None:
    assert verdict(Keepalive(0.0), 60.0) is Verdict.IDLE


def test_a_client_has_its_time_for_a_hello() -> None:
    keepalive = Keepalive(0.0)
    assert verdict(keepalive, 4.9, greeted=False) is Verdict.FINE
    assert verdict(keepalive, 5.0, greeted=False) is Verdict.NO_HELLO
    assert verdict(keepalive, 5.0) is Verdict.FINE


def test_the_time_for_a_hello_is_given_again_when_the_node_was_late() -> None:
    keepalive = Keepalive(0.0)
    keepalive.extend_hello(4.0)
    assert verdict(keepalive, 8.9, greeted=False) is Verdict.FINE
    assert verdict(keepalive, 9.0, greeted=False) is Verdict.NO_HELLO


def test_without_a_limit_a_hello_may_take_any_time() -> None:
    assert Keepalive(0.0).verdict(19.0, Config(), False, 0, False) is Verdict.FINE


def test_a_client_that_reads_nothing_is_slow() -> None:
    keepalive = Keepalive(0.0)
    keepalive.pause(10.0, 1000)
    assert verdict(keepalive, 69.9, unread=1000) is Verdict.FINE
    assert verdict(keepalive, 70.0, unread=1000) is Verdict.SLOW


def test_a_client_that_reads_a_little_has_its_time_again() -> None:
    keepalive = Keepalive(0.0)
    keepalive.pause(10.0, 1000)
    assert verdict(keepalive, 60.0, unread=999) is Verdict.FINE
    assert verdict(keepalive, 119.9, unread=999) is Verdict.FINE
    assert verdict(keepalive, 120.0, unread=999) is Verdict.SLOW


def test_a_slow_client_has_little_time_while_memory_is_short() -> None:
    keepalive = Keepalive(0.0)
    keepalive.pause(10.0, 1000)
    assert verdict(keepalive, 10.0 + SLOW_FOR, unread=1000, short=True) is Verdict.SLOW


def test_a_paused_client_is_not_idle_and_has_its_time_again_afterwards() -> None:
    keepalive = Keepalive(0.0)
    keepalive.pause(10.0, 1000)
    assert verdict(keepalive, 65.0, unread=1000) is Verdict.FINE
    keepalive.resume(65.0)
    assert keepalive.paused_at is None
    assert verdict(keepalive, 84.0) is Verdict.FINE
    assert verdict(keepalive, 85.0) is Verdict.PING


def test_a_client_that_was_not_paused_does_not_speak_by_reading() -> None:
    keepalive = Keepalive(0.0)
    keepalive.resume(59.0)
    assert verdict(keepalive, 60.0) is Verdict.IDLE
