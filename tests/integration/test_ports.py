"""Ports of servers in tests are nobody else's, also while the server is down."""

import contextlib
import socket
import subprocess
import sys

import pytest

from tests.support.ports import free_port


def test_a_server_listens_on_its_port_again_and_again() -> None:
    port = free_port()
    for _ in range(2):
        with socket.create_server(("127.0.0.1", port)) as server:
            client = socket.create_connection(server.getsockname())
            with contextlib.closing(client), contextlib.closing(server.accept()[0]):
                pass


def test_nobody_is_served_on_the_port_of_a_server_that_is_down() -> None:
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", free_port()))


def test_a_port_is_given_only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.support.ports._RANGE", range(19900, 20000))
    ports = [free_port() for _ in range(50)]
    assert len(set(ports)) == len(ports)


def test_another_process_is_not_given_a_port_that_is_reserved_here() -> None:
    port = free_port()
    probe = f"import socket; socket.socket().bind(('127.0.0.1', {port}))"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, check=False)
    assert b"Address already in use" in done.stderr
