"""Passwords are looked at beside the loop, and not more of them than there is time for."""

import asyncio
import threading
from typing import Any

from argon2 import PasswordHasher

from node.core.ports import Refused
from node.net import porter
from node.net.porter import Porter

CHEAP = PasswordHasher(1, 8, 1)
HASHES = {nick: (nick, CHEAP.hash(f"of {nick}")) for nick in ("ana", "bo")}


class Bench:
    """A porter on a clock that stands still."""

    def __init__(self) -> None:
        self.time = 0.0
        self.porter = Porter(lambda: self.time)
        self.porter.know({**HASHES, "look": HASHES["ana"]})

    async def asks(self, account: str, password: str, deadline: float = 5.0) -> bool | Refused:
        reply: asyncio.Future[bool | Refused] = asyncio.get_running_loop().create_future()
        self.porter.prove(account, password, deadline, reply.set_result)
        async with asyncio.timeout(10):
            return await reply


async def test_a_password_is_right_or_wrong() -> None:
    bench = Bench()
    assert await bench.asks("ana", "of ana") is True
    assert await bench.asks("ana", "of bo") is False
    assert await bench.asks("nobody", "of ana") is False


def test_a_nick_belongs_to_an_account_also_by_its_look() -> None:
    bench = Bench()
    assert bench.porter.account_of("ana") == "ana"
    assert bench.porter.account_of("other look") == "ana"
    assert bench.porter.account_of("other") is None


async def test_what_is_no_hash_is_nobodys_password() -> None:
    bench = Bench()
    bench.porter.know({"ana": ("ana", "$argon2id$nonsense")})
    assert await bench.asks("ana", "x") is False


async def test_who_guesses_is_slowed_down_and_nobody_else() -> None:
    bench = Bench()
    for _ in range(10):
        assert await bench.asks("ana", "guess") is False
    assert await bench.asks("ana", "of ana") is Refused.CROWDED
    assert await bench.asks("bo", "of bo") is True
    bench.time += 2
    assert await bench.asks("ana", "of ana") is True


async def test_passwords_that_wait_are_bounded_and_not_looked_at_too_late(
    monkeypatch: Any,
) -> None:
    monkeypatch.setattr(porter, "WAITING", 3)
    bench = Bench()
    gate, started = threading.Event(), threading.Event()

    def verify(hashed: str, password: str) -> bool:
        started.set()
        return gate.wait(10)

    monkeypatch.setattr(bench.porter, "_hasher", type("", (), {"verify": staticmethod(verify)}))
    first = asyncio.create_task(bench.asks("ana", "x"))
    while not started.is_set():
        await asyncio.sleep(0)
    second = asyncio.create_task(bench.asks("ana", "x"))
    # It is answered when its time is up, though the one before it still takes its time.
    assert await bench.asks("ana", "x", bench.time) is Refused.CROWDED
    third = asyncio.create_task(bench.asks("ana", "x"))
    await asyncio.sleep(0)
    assert await bench.asks("ana", "x") is Refused.CROWDED
    gate.set()
    assert [await one for one in (first, second, third)] == [True] * 3
    assert await bench.asks("ana", "x") is True


async def test_a_fault_is_no_right_password(monkeypatch: Any) -> None:
    bench = Bench()
    monkeypatch.setattr(bench.porter, "_hasher", None)
    assert await bench.asks("ana", "of ana") is Refused.INTERNAL
