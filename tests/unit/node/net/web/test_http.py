"""Heads of requests are read strictly, and responses say how long they are."""

from http import HTTPStatus

import pytest

from node.net.web.handshake import wants_close
from node.net.web.http import BadRequest, Response, head_end, parse_head


def head(*fields: str, line: str = "GET / HTTP/1.1") -> bytes:
    return "\r\n".join((line, *fields, "", "")).encode("latin-1")


def test_a_request_has_a_method_a_target_and_fields() -> None:
    request = parse_head(head("Host: a", "X-One: 1", "x-one: 2", line="HEAD /a?b=c HTTP/1.1"))
    assert (request.method, request.path) == ("HEAD", "/a?b=c")
    assert request.headers.get_all("X-ONE") == ["1", "2"]


@pytest.mark.parametrize(
    "data",
    [
        b"\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET  / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1 \r\n\r\n",
        b"GET / FTP/1.1\r\n\r\n",
        b"G\xc3T / HTTP/1.1\r\n\r\n",
        head("no colon"),
        head("Na me: x"),
        head(": x"),
        head("A: b", " folded: c"),
        head("A: \0"),
        b"GET / HTTP/1.1\nHost: a\n\r\n\r\n",
        head("Content-Length: 3"),
        head("Content-Length: 0", "Content-Length: 3"),
        head("Transfer-Encoding: chunked"),
        head(*(f"A{number}: x" for number in range(200))),
    ],
)
def test_what_is_no_request_is_refused(data: bytes) -> None:
    with pytest.raises(BadRequest) as refused:
        parse_head(data)
    assert refused.value.response.status is HTTPStatus.BAD_REQUEST
    assert refused.value.response.close


def test_another_version_of_http_is_refused_as_such() -> None:
    with pytest.raises(BadRequest) as refused:
        parse_head(head(line="GET / HTTP/1.0"))
    assert refused.value.response.status is HTTPStatus.HTTP_VERSION_NOT_SUPPORTED


@pytest.mark.parametrize(
    ("fields", "closes"),
    [
        (("Connection: keep-alive",), False),
        (("Connection: Close",), True),
        (("Connection: foo", "Connection: bar, close"), True),
        ((), False),
    ],
)
def test_a_client_may_close_after_the_response(fields: tuple[str, ...], closes: bool) -> None:
    assert wants_close(parse_head(head(*fields))) is closes


def test_a_head_ends_with_an_empty_line() -> None:
    assert head_end(b"GET / HTTP/1.1\r\nA: b\r\n") == -1
    assert head_end(b"GET / HTTP/1.1\r\n\r\nrest") == 18


def test_an_unchanged_file_is_not_said_to_be_empty() -> None:
    # RFC 9110, 8.6: the length would be that of the file.
    assert b"Content-Length" not in Response(HTTPStatus.NOT_MODIFIED).encode({})


@pytest.mark.parametrize(
    ("common", "own", "close", "options"),
    [
        ({}, {}, False, None),
        ({}, {"Connection": "Upgrade"}, False, b"Upgrade"),
        ({"Connection": "close"}, {"Connection": "Upgrade"}, True, b"close, Upgrade"),
        ({}, {"Connection": "Upgrade"}, True, b"Upgrade, close"),
    ],
)
def test_a_response_may_offer_an_upgrade_and_close(
    common: dict[str, str], own: dict[str, str], close: bool, options: bytes | None
) -> None:
    lines = Response(HTTPStatus.OK, headers=own, close=close).encode(common).split(b"\r\n")
    found = [line.partition(b": ")[2] for line in lines if line.startswith(b"Connection")]
    assert found == ([] if options is None else [options])


def test_a_response_has_its_length_and_the_common_fields() -> None:
    response = Response(HTTPStatus.NOT_FOUND, "Not found.", close=True)
    lines = response.encode({"A": "b"}).decode().split("\r\n")
    assert lines[0] == "HTTP/1.1 404 Not Found"
    assert lines[-2:] == ["", "Not found.\n"]
    assert {"A: b", "Content-Length: 11", "Connection: close"} <= set(lines)
    assert response.encode({"A": "b"}, with_body=False) == response.encode({"A": "b"})[:-11]
