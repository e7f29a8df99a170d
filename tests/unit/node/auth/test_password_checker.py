"""Passwords are looked at beside the loop, and not more of them than there is time for."""

import asyncio
import threading
from typing import Any

import pytest
from argon2 import PasswordHasher

from node.auth import password_checker
from node.auth.password_checker import PasswordChecker
from node.core.model import Failure, Unavailable
from node.core.names import names

CHEAP = PasswordHasher(1, 8, 1)
HASHES = {nick: (nick, CHEAP.hash(f"of {nick}")) for nick in ("ana", "bo")}


class Bench:
    """A checker on a clock that stands still."""

    def __init__(self) -> None:
        self.time = 0.0
        self.checker = PasswordChecker(lambda: self.time)
        self.checker.know({**HASHES, "look": HASHES["ana"]})

    async def asks(
        self, account: str, password: str, deadline: float = 5.0, at: str = "192.0.2.1"
    ) -> bool | Failure:
        reply: asyncio.Future[bool | Failure] = asyncio.get_running_loop().create_future()
        self.checker.prove(account, password, at, self.time + deadline, reply.set_result)
        async with asyncio.timeout(10):
            return await reply


async def test_a_password_is_right_or_wrong() -> None:
    bench = Bench()
    assert await bench.asks("ana", "of ana") is True
    assert await bench.asks("ana", "of bo") is False
    assert await bench.asks("nobody", "of ana") is False


def test_a_nick_belongs_to_an_account_also_by_its_look() -> None:
    bench = Bench()
    assert bench.checker.account_of("ana") == "ana"
    assert bench.checker.account_of("other look") == "ana"
    assert bench.checker.account_of("other") is None


async def test_an_invalid_hash_matches_no_password() -> None:
    bench = Bench()
    bench.checker.know({"ana": ("ana", "$argon2id$nonsense")})
    assert await bench.asks("ana", "x") is False


HOME, AWAY, GUESSER = "198.51.100.1", "198.51.100.2", "203.0.113.5"


async def guess(bench: Bench, at: str = GUESSER, times: int = 1) -> list[bool | Failure]:
    """Say wrong passwords from one address; return the verdicts."""
    return [await bench.asks("ana", "guess", at=at) for _ in range(times)]


async def test_only_the_address_that_guesses_is_slowed_down() -> None:
    bench = Bench()
    assert await guess(bench, times=12) == [False] * 10 + [Unavailable.CROWDED] * 2
    assert await bench.asks("ana", "of ana", at=GUESSER) is Unavailable.CROWDED
    assert await bench.asks("bo", "of bo", at=GUESSER) is True
    bench.time += 10
    assert await bench.asks("ana", "of ana", at=GUESSER) is True


@pytest.mark.parametrize("known", [False, True])
async def test_an_address_that_guesses_all_the_time_does_not_lock_out_the_owner(
    known: bool,
) -> None:
    bench = Bench()
    if known:
        assert await bench.asks("ana", "of ana", at=HOME) is True
    for second in range(600):
        bench.time += 1
        await guess(bench, times=4)
        if second % 60 == 59:
            assert await bench.asks("ana", "of ana", at=HOME) is True


async def test_new_addresses_that_guess_share_one_limit() -> None:
    bench = Bench()
    assert await bench.asks("ana", "of ana", at=HOME) is True
    looked = 0
    for second in range(100):
        bench.time += 1
        for number in range(10):
            [verdict] = await guess(bench, f"203.0.113.{(10 * second + number) % 250}")
            looked += verdict is False
    assert 65 <= looked <= 70
    assert await bench.asks("ana", "of ana", at=AWAY) is Unavailable.CROWDED
    for _ in range(14):
        assert await bench.asks("ana", "of ana", at=HOME) is True
        bench.time += 1


async def test_where_the_password_was_known_guessing_is_bounded_too() -> None:
    bench = Bench()
    assert await bench.asks("ana", "of ana", at=HOME) is True
    assert (await guess(bench, HOME, 30)).count(False) == 20


async def test_an_ipv6_household_counts_as_one_address() -> None:
    bench = Bench()
    assert (await guess(bench, "2001:db8:1:2::1", 6)).count(False) == 6
    assert (await guess(bench, "2001:db8:1:2:ffff::9", 6)).count(False) == 4
    assert await guess(bench, "2001:db8:1:3::1") == [False]


async def test_of_the_addresses_that_know_a_password_the_last_ones_are_remembered() -> None:
    bench = Bench()
    for number in range(password_checker.ADDRESSES + 1):
        bench.time += 10
        assert await bench.asks("ana", "of ana", at=f"198.51.100.{number}") is True
    for number in range(40):
        await guess(bench, f"203.0.113.{number}")
    assert await bench.asks("ana", "of ana", at="198.51.100.0") is Unavailable.CROWDED
    assert await bench.asks("ana", "of ana", at="198.51.100.1") is True
    # A new password is known nowhere yet.
    bench.checker.know({"ana": ("ana", CHEAP.hash("new"))})
    assert await bench.asks("ana", "new", at="198.51.100.1") is Unavailable.CROWDED


async def test_addresses_that_guess_are_forgotten() -> None:
    bench = Bench()
    for number in range(2000):
        bench.time += 2
        await guess(bench, f"203.0.{number % 250}.{number // 250}")
    assert len(bench.checker._tries_new) < 2 * password_checker.FORGET_AFTER


async def test_new_addresses_leave_room_for_those_that_have_known_the_password(
    monkeypatch: Any,
) -> None:
    monkeypatch.setattr(password_checker, "WAITING_NEW", 2)
    monkeypatch.setattr(password_checker, "WAITING", 4)
    bench = Bench()
    assert await bench.asks("ana", "of ana", at=HOME) is True
    gate = threading.Event()

    def verify(hashed: str, password: str) -> bool:
        return gate.wait(10)

    monkeypatch.setattr(bench.checker, "_hasher", type("", (), {"verify": staticmethod(verify)}))
    asked = [asyncio.create_task(bench.asks("bo", "x", at=f"203.0.113.{n}")) for n in range(3)]
    assert await asked[2] is Unavailable.CROWDED
    asked = asked[:2] + [asyncio.create_task(bench.asks("ana", "x", at=HOME)) for _ in range(2)]
    await asyncio.sleep(0)
    assert await bench.asks("ana", "x", at=HOME) is Unavailable.CROWDED
    gate.set()
    assert [await one for one in asked] == [True] * 4


@pytest.mark.parametrize(
    ("account", "others"),
    [
        ("bill", ["biII", "bi11", "BILl", "b1ll"]),
        ("admin", ["adrnin", "ADM1N", "adrn1n"]),
        ("bob", ["b0b", "B0B"]),
        ("Owen", ["0vven"]),
        ("b0b", ["bob"]),
    ],
)
def test_a_nick_in_ascii_that_looks_like_an_account_is_guarded(
    account: str, others: list[str]
) -> None:
    bench = Bench()
    bench.checker.know({names.claims(account): (account, "")})
    for other in (account, *others):
        assert bench.checker.account_of(names.claims(other)) == account
    for other in ("bolb", "ada", "bil", "owe"):
        assert bench.checker.account_of(names.claims(other)) is None


def test_of_two_accounts_that_look_alike_each_has_its_own_nick() -> None:
    bench = Bench()
    bench.checker.know({"bob": ("bob", ""), "b0b": ("b0b", "")})
    assert bench.checker.account_of("bob") == "bob" and bench.checker.account_of("b0b") == "b0b"


async def test_passwords_that_wait_are_bounded_and_not_looked_at_too_late(
    monkeypatch: Any,
) -> None:
    monkeypatch.setattr(password_checker, "WAITING", 3)
    bench = Bench()
    gate, started = threading.Event(), threading.Event()

    def verify(hashed: str, password: str) -> bool:
        started.set()
        return gate.wait(10)

    monkeypatch.setattr(bench.checker, "_hasher", type("", (), {"verify": staticmethod(verify)}))
    first = asyncio.create_task(bench.asks("ana", "x"))
    while not started.is_set():
        await asyncio.sleep(0)
    second = asyncio.create_task(bench.asks("ana", "x"))
    # It is answered when its time is up, though the one before it still takes its time.
    assert await bench.asks("ana", "x", 0.0) is Unavailable.CROWDED
    third = asyncio.create_task(bench.asks("ana", "x"))
    await asyncio.sleep(0)
    assert await bench.asks("ana", "x") is Unavailable.CROWDED
    gate.set()
    assert [await one for one in (first, second, third)] == [True] * 3
    assert await bench.asks("ana", "x") is True


async def test_a_fault_is_no_right_password(monkeypatch: Any) -> None:
    bench = Bench()
    monkeypatch.setattr(bench.checker, "_hasher", None)
    assert await bench.asks("ana", "of ana") is Unavailable.INTERNAL
