"""Pages of strangers may not connect, whatever name they give to the node's address."""

from http import HTTPStatus

import pytest

from node.config.parsers import origins as parsed
from node.net.web.http import Headers
from node.net.web.origins import Origins, is_loopback

PUBLIC, LOCAL = "192.0.2.7", "127.0.0.1"
FORBIDDEN, BAD = HTTPStatus.FORBIDDEN, HTTPStatus.BAD_REQUEST
LISTED = Origins(
    parsed("https://app.example:443, http://[2001:db8::1]:8080").listed, siblings=(8081,)
)


def refused(
    host: str | None, origin: str | None, own: str = PUBLIC, origins: Origins = LISTED
) -> HTTPStatus | None:
    """Return the status of the refusal, None if there is none."""
    fields = [("Host", host), ("Origin", origin)]
    headers = Headers([(name, text) for name, text in fields if text is not None])
    response = origins.refusal(headers, own)
    return None if response is None else response.status


@pytest.mark.parametrize(
    ("host", "own", "status"),
    [
        (None, PUBLIC, BAD),
        ("", PUBLIC, BAD),
        ("a b", PUBLIC, BAD),
        ("user@chat.example", PUBLIC, BAD),
        ("chat.example/x", PUBLIC, BAD),
        ("chat.example:x", PUBLIC, BAD),
        ("chat.example", PUBLIC, None),
        ("chat.example:8080", PUBLIC, None),
        ("chat.example", LOCAL, FORBIDDEN),
        ("chat.example", "::1", FORBIDDEN),
        ("chat.example", "::ffff:127.0.0.1", FORBIDDEN),
        ("localhost.evil.example", LOCAL, FORBIDDEN),
        ("127.0.0.1.evil.example", LOCAL, FORBIDDEN),
        ("localhost", LOCAL, None),
        ("LOCALHOST:8080", LOCAL, None),
        ("chat.localhost:8080", LOCAL, None),
        ("127.0.0.2", LOCAL, None),
        ("[::1]:8080", "::1", None),
        ("app.example", LOCAL, None),
    ],
)
def test_the_host_is_one_that_is_known_where_the_node_is_local(
    host: str | None, own: str, status: HTTPStatus | None
) -> None:
    assert refused(host, None, own) is status


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("chat.example", None, None),
        ("chat.example", "http://chat.example", None),
        ("chat.example", "https://chat.example", None),
        ("chat.example:80", "http://chat.example", None),
        ("chat.example", "https://chat.example:443", None),
        ("chat.example:8080", "http://chat.example:8080", None),
        ("chat.example:8080", "http://chat.example:8081", None),
        ("CHAT.example", "https://chat.EXAMPLE", None),
        ("[2001:db8::2]:8080", "http://[2001:db8::2]:8080", None),
        ("chat.example", "https://app.example", None),
        ("chat.example", "http://[2001:db8::1]:8080", None),
        ("chat.example", "http://app.example", FORBIDDEN),
        ("chat.example", "https://app.example:444", FORBIDDEN),
        ("chat.example:8080", "http://chat.example", FORBIDDEN),
        ("chat.example:8080", "http://chat.example:8082", FORBIDDEN),
        ("chat.example", "http://evil.example", FORBIDDEN),
        ("chat.example", "http://chat.example.evil.example", FORBIDDEN),
        ("chat.example", "http://evil.example/chat.example", FORBIDDEN),
        ("chat.example", "null", FORBIDDEN),
        ("chat.example", "file://", FORBIDDEN),
        ("chat.example", "chrome-extension://chat.example", FORBIDDEN),
        ("chat.example", "", FORBIDDEN),
        ("chat.example", "http://a:b@chat.example", FORBIDDEN),
    ],
)
def test_the_origin_is_the_node_itself_or_a_listed_one(
    host: str, origin: str | None, status: HTTPStatus | None
) -> None:
    assert refused(host, origin) is status


def test_several_hosts_or_origins_are_refused() -> None:
    twice = Headers([("Host", "a.example"), ("Host", "a.example")])
    assert getattr(LISTED.refusal(twice, PUBLIC), "status") is BAD
    same = "http://a.example"
    twice = Headers([("Host", "a.example"), ("Origin", same), ("Origin", same)])
    assert getattr(LISTED.refusal(twice, PUBLIC), "status") is FORBIDDEN


def test_any_switches_both_checks_off_but_a_host_is_still_needed() -> None:
    everybody = Origins(any=True)
    assert refused("evil.example", "http://other.example", LOCAL, everybody) is None
    assert refused(None, None, LOCAL, everybody) is BAD


def test_loopback_addresses_are_recognised_in_every_spelling() -> None:
    for text in ("127.0.0.1", "127.255.0.1", "::1", "::ffff:127.0.0.1", "::1%lo"):
        assert is_loopback(text), text
    for text in ("localhost", "0.0.0.0", "10.0.0.1", "::", "127.1", ""):
        assert not is_loopback(text), text
