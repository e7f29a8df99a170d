"""Nicks of accounts are for who knows the password, or goes on with the session."""

from collections.abc import Callable

import pytest

from node.core.model import Denied, Failure, Unavailable
from tests.unit.node.core.fakes import Client, HubBench, claimed
from wire import messages as m

KEY = "k" * 16


class FakeAccounts:
    """One account, ana, whose password is answered when the test says so."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.answer: Callable[[bool | Failure], None]

    def account_of(self, claims: str) -> str | None:
        return "Ana" if claims.split(" ")[-1] == "ana" else None

    def prove(
        self,
        account: str,
        password: str,
        address: str,
        deadline: float,
        done: Callable[[bool | Failure], None],
    ) -> None:
        assert address == "192.0.2.1"
        self.asked.append((account, password))
        self.answer = done


@pytest.fixture
def bench() -> HubBench:
    bench = HubBench()
    bench.services.admit((), FakeAccounts())
    return bench


def accounts_of(bench: HubBench) -> FakeAccounts:
    assert isinstance(bench.services.accounts, FakeAccounts)
    return bench.services.accounts


def test_other_nicks_need_no_password(bench: HubBench) -> None:
    Client(bench).says(m.Hello(nick="bo", password="whatever"))
    assert bench.broker.names() == ["claim"] and accounts_of(bench).asked == []


def test_the_nick_is_given_after_its_password(bench: HubBench) -> None:
    client = Client(bench)
    client.says(m.Hello(nick="ana", password="sesame"))
    assert accounts_of(bench).asked == [("Ana", "sesame")] and bench.broker.calls == []
    accounts_of(bench).answer(True)
    claim = bench.broker.take("claim")
    assert claim.args[0].nick == "ana"
    claim.done(claimed("ana"))
    assert client.hears()[0].startswith("welcome")
    assert bench.metrics.passwords == {"right": 1, "wrong": 0}


def test_without_the_password_the_nick_is_taken(bench: HubBench) -> None:
    client = Client(bench)
    client.says(m.Hello(nick="ana", ref="1"))
    [error] = client.events()
    assert isinstance(error, m.Error)
    assert (error.code, error.ref, error.account) == ("nick-taken", "1", True)
    client.says(m.Hello(nick="ana", password="wrong"))
    accounts_of(bench).answer(False)
    [error] = client.events()
    assert isinstance(error, m.Error) and error.code == "nick-taken"
    assert "password is wrong" in error.text and bench.broker.calls == []
    assert bench.metrics.passwords == {"right": 0, "wrong": 1}
    client.says(m.Hello(nick="bo"))
    assert bench.broker.names() == ["claim"]


def test_who_goes_on_by_the_key_is_not_asked(bench: HubBench) -> None:
    client = Client(bench)
    client.says(m.Hello(nick="ana", key=KEY, password="wrong"))
    claim = bench.broker.take("claim")
    assert claim.args[0].nick == ""
    claim.done(claimed("ana", resumed=True))
    assert accounts_of(bench).asked == [] and client.hears()[0].startswith("welcome")


def test_who_begins_with_a_key_is_asked_when_there_is_no_session(bench: HubBench) -> None:
    client = Client(bench)
    client.says(m.Hello(nick="ana", key=KEY, password="sesame"))
    bench.broker.answer("claim", Denied.NAMELESS)
    assert accounts_of(bench).asked == [("Ana", "sesame")]
    accounts_of(bench).answer(True)
    claim = bench.broker.take("claim")
    assert (claim.args[0].nick, claim.args[0].fold) == ("ana", "ana")
    claim.done(claimed("ana"))
    assert client.hears()[0].startswith("welcome")


def test_when_too_many_try_one_may_try_again(bench: HubBench) -> None:
    client = Client(bench)
    client.says(m.Hello(nick="ana", password="sesame"))
    accounts_of(bench).answer(Unavailable.CROWDED)
    [error] = client.events()
    assert isinstance(error, m.Error) and error.code == "unavailable" and error.retry_after_ms
    assert "passwords" in error.text


def test_a_connection_has_five_tries(bench: HubBench) -> None:
    client = Client(bench)
    for _ in range(5):
        client.says(m.Hello(nick="ana", password="guess"))
        accounts_of(bench).answer(False)
    client.says(m.Hello(nick="ana", password="sesame"))
    assert len(accounts_of(bench).asked) == 5
    assert client.hears() == ["error nick-taken"] * 6


def test_a_nick_is_changed_to_an_accounts_only_with_its_password(bench: HubBench) -> None:
    client = bench.welcome("bo")
    bench.broker.calls.clear()
    client.says(m.SetNick(nick="ana"), m.ListRooms())
    assert client.hears() == ["error nick-taken"] and bench.broker.names() == ["rooms"]
    bench.broker.answer("rooms", ([], False))
    client.events()
    client.says(m.SetNick(nick="ana", password="sesame"))
    assert bench.broker.calls == []
    accounts_of(bench).answer(True)
    bench.broker.answer("rename", ("bo", 5))
    assert client.session.nick == "ana"
    client.says(m.SetNick(nick="Ana"))
    assert bench.broker.take("rename").args[1] == "Ana"


def test_accounts_are_told_apart_in_members(bench: HubBench) -> None:
    client = bench.welcome("bo")
    client.says(m.ListMembers(room="general"))
    bench.broker.answer("members", (["Ana", "bo"], False))
    found = client.events()[-1]
    assert isinstance(found, m.Members) and found.accounts == ["Ana"]


def test_where_there_are_no_accounts_nothing_is_said_of_them() -> None:
    bench = HubBench()
    client = bench.welcome("bo")
    client.says(m.ListMembers(room="general"))
    bench.broker.answer("members", (["ana", "bo"], False))
    found = client.events()[-1]
    assert isinstance(found, m.Members) and found.accounts is None


def test_who_has_gone_before_the_password_was_looked_at_leaves_nothing(bench: HubBench) -> None:
    client = Client(bench)
    client.says(m.Hello(nick="ana", password="sesame"))
    client.connection.closed()
    accounts_of(bench).answer(True)
    bench.broker.answer("claim", claimed("ana"))
    assert bench.broker.names() == ["part"]


def test_who_had_a_nick_like_an_accounts_before_does_not_get_the_account(bench: HubBench) -> None:
    client = bench.welcome("bo")
    client.session.fold = "other ana"  # It looks like one, and was taken before there was one.
    bench.broker.calls.clear()
    client.says(m.SetNick(nick="ana"))
    assert client.hears() == ["error nick-taken"] and bench.broker.names() == []
    client.session.fold = "ana"
    client.says(m.SetNick(nick="Ana"))
    assert bench.broker.names() == ["rename"]
