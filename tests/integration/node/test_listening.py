"""Where a node listens: which addresses and ports a host stands for, and what a bad one is told."""

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from pathlib import Path

import pytest

from node.process import listening
from node.process.dial import Dialler
from tests.support.node_process import NodeProcess


@contextmanager
def opened(hosts: list[str], port: int = 0) -> Iterator[list[socket.socket]]:
    sockets = listening.opened(hosts, port)
    try:
        yield sockets
    finally:
        for each in sockets:
            each.close()


def ports(sockets: list[socket.socket]) -> set[int]:
    return {each.getsockname()[1] for each in sockets}


@pytest.mark.parametrize("host", ["::", "*"])
async def test_a_wildcard_serves_both_families_on_one_port(host: str) -> None:
    hosts = await listening.hosts(Dialler(inf), host, "--host")
    with opened(hosts) as sockets:
        assert {each.family for each in sockets} == {socket.AF_INET, socket.AF_INET6}
        [port] = ports(sockets)
        for address in ("127.0.0.1", "::1"):
            socket.create_connection((address, port)).close()


async def test_an_ipv4_client_of_a_wildcard_is_known_by_its_ipv4_address() -> None:
    with opened(await listening.hosts(Dialler(inf), "::", "--host")) as sockets:
        [ipv4] = [each for each in sockets if each.family == socket.AF_INET]
        ipv4.setblocking(True)
        with socket.create_connection(("127.0.0.1", ipv4.getsockname()[1])):
            client, peer = ipv4.accept()
            client.close()
            assert peer[0] == "127.0.0.1"


def test_a_name_with_two_addresses_gets_one_free_port() -> None:
    with opened(["127.0.0.1", "::1"]) as sockets:
        assert len(sockets) == 2
        assert len(ports(sockets)) == 1


def test_another_port_is_tried_if_one_address_has_it_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    tried, genuine = [], listening._socket

    def socket_once_taken(host: str, port: int) -> socket.socket:
        tried.append(host)
        if len(tried) == 2:
            raise OSError(errno.EADDRINUSE, "Address already in use", host)
        return genuine(host, port)

    monkeypatch.setattr(listening, "_socket", socket_once_taken)
    with opened(["127.0.0.1", "::1"]) as sockets:
        assert tried == ["127.0.0.1", "::1"] * 2
        assert len(sockets) == 2 and len(ports(sockets)) == 1


def test_a_port_that_was_asked_for_is_not_replaced_by_another() -> None:
    with opened(["127.0.0.1"]) as sockets:
        [port] = ports(sockets)
        with pytest.raises(OSError) as refused:
            listening.opened(["127.0.0.1", "::1"], port)
        assert refused.value.errno == errno.EADDRINUSE


def test_an_address_that_is_not_here_is_left_out_if_there_is_another() -> None:
    with opened(["2001:db8::1", "127.0.0.1"]) as sockets:
        assert [each.getsockname()[0] for each in sockets] == ["127.0.0.1"]
    with pytest.raises(OSError) as refused:
        listening.opened(["2001:db8::1"], 0)
    assert refused.value.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


@pytest.mark.parametrize(
    ("number", "line"),
    [
        (
            errno.EADDRINUSE,
            "--port (CHAT_PORT): got 80, expected a port that is free"
            " (another program listens on 192.0.2.1:80)",
        ),
        (
            errno.EACCES,
            "--port (CHAT_PORT): got 80, expected a port from 1024 on, or the right to use lower"
            " ones (this user may not listen on 192.0.2.1:80)",
        ),
        (
            errno.EADDRNOTAVAIL,
            "--host (CHAT_HOST): got '192.0.2.1', expected an address of this machine, or * for all"
            " its addresses (the system's words)",
        ),
    ],
)
def test_an_error_names_the_flag_its_value_and_what_would_be_right(number: int, line: str) -> None:
    error = OSError(number, "the system's words", "192.0.2.1:80")
    found = listening.explained(error, ("--host", "--port"), "192.0.2.1", 80)
    assert str(found) == line


async def test_a_node_listens_on_one_port_for_both_families(tmp_path: Path) -> None:
    node = NodeProcess(tmp_path / "node.log", "--host", "*", "--http-port", "0", "--drain", "0")
    try:
        await node.start()  # It waits for two lines: one for each family.
        assert [address.host for address in node.addresses] == ["::", "0.0.0.0"]
        assert len({address.port for address in node.addresses}) == 1
    finally:
        await node.kill()


@pytest.mark.parametrize(("flag", "other"), [("--host", ()), ("--http-host", ("--http-port", "0"))])
async def test_a_host_that_cannot_be_resolved_is_named(
    tmp_path: Path, flag: str, other: tuple[str, ...]
) -> None:
    node = NodeProcess(tmp_path / "node.log", flag, "nowhere.invalid", *other)
    status, _ = await node.run()
    variable = {"--host": "CHAT_HOST", "--http-host": "CHAT_HTTP_HOST"}[flag]
    last = node.log.splitlines()[-1]
    assert status == 1
    assert last.startswith(f"chat-node: {flag} ({variable}): got 'nowhere.invalid', expected the")
