"""A node ends at its start if its URL is that of another kind of Redis."""

import asyncio
from typing import Any

import pytest
from redis import exceptions

from node.brokers.server_kind import ServerKind, WrongUrl


class Connection:
    """Answers INFO."""

    def __init__(self, reply: bytes | Exception) -> None:
        self.asked: list[tuple[str, ...]] = []
        self._reply = reply

    async def send_command(self, *command: str) -> None:
        self.asked.append(command)

    async def read_response(self) -> Any:
        if isinstance(self._reply, Exception):
            raise self._reply
        return self._reply


async def test_a_server_of_a_cluster_is_refused_as_the_only_one() -> None:
    kind = ServerKind()
    checking = asyncio.create_task(kind.check())
    await kind.ask(Connection(b"# Cluster\r\ncluster_enabled:1\r\n"))
    with pytest.raises(WrongUrl, match=r"redis\+cluster://"):
        await checking


@pytest.mark.parametrize("reply", [b"cluster_enabled:0", exceptions.NoPermissionError("no")])
async def test_a_server_that_is_in_no_cluster_or_does_not_say_so_is_taken(
    reply: bytes | Exception,
) -> None:
    kind, connection = ServerKind(), Connection(reply)
    await kind.ask(connection)
    await kind.check()
    await kind.ask(connection)
    assert len(connection.asked) == 1, "it is asked once"


async def test_a_server_without_a_cluster_is_refused_unless_there_was_one_before() -> None:
    kind = ServerKind()
    kind.found_none()
    with pytest.raises(WrongUrl, match="redis://"):
        await kind.check()
    kind = ServerKind()
    kind.found_cluster()
    kind.found_none()
    await kind.check()
