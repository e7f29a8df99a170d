"""All HTTP ports of a node find the same path in a request."""

import pytest

from node.net.request_head import path_of


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/ws", "/ws"),
        ("/ws?x=/y", "/ws"),
        ("http://host:80/ws", "/ws"),
        ("ws://host/ws?a", "/ws"),
        ("http://host", "/"),
        ("//ws", "//ws"),
        ("*", "*"),
    ],
)
def test_the_path_is_without_query_and_host(target: str, path: str) -> None:
    assert path_of(target) == path
