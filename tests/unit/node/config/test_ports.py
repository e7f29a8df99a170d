"""Two listeners of a process collide on a port only where their hosts overlap."""

import pytest

from node.config.ports import Listener, collision


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("Chat.example", "chat.example"),
        ("*", "127.0.0.1"),
        ("::1", "*"),
        ("::", "chat.example"),
        ("0.0.0.0", "192.0.2.1"),
        ("127.0.0.1", "localhost"),
        ("0.0.0.0", "localhost"),
        ("0:0::1", "::1"),
    ],
)
def test_hosts_that_overlap_share_their_ports(one: str, other: str) -> None:
    for hosts in ((one, other), (other, one)):
        chat, web = (Listener("any", "--port", host, 80) for host in hosts)
        found = collision([chat, web])
        assert found is not None and found.port == 80


@pytest.mark.parametrize(
    ("one", "other"),
    [("127.0.0.1", "127.0.0.2"), ("0.0.0.0", "::1"), ("chat.example", "127.0.0.1")],
)
def test_hosts_that_may_be_apart_may_have_the_same_port(one: str, other: str) -> None:
    assert not collision([Listener("any", "--port", host, 80) for host in (one, other)])


@pytest.mark.parametrize("first", [0, None])
def test_a_free_port_and_no_port_collide_with_nothing(first: int | None) -> None:
    assert not collision([Listener("any", "--port", "*", first, 3)] * 2)
