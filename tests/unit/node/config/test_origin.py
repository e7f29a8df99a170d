"""An origin is read alike from settings and from browsers."""

import pytest

from node.config.origin import Origin, parse


@pytest.mark.parametrize(
    ("text", "spelt"),
    [
        ("https://chat.example", "https://chat.example:443"),
        ("HTTP://Chat.Example", "http://chat.example:80"),
        ("http://[2001:db8::1]:8080", "http://[2001:db8::1]:8080"),
        ("http://127.0.0.1:0", "http://127.0.0.1:0"),
    ],
)
def test_an_origin_names_its_port(text: str, spelt: str) -> None:
    origin = parse(text, "http", "https")
    assert str(origin) == f"{origin}" == spelt
    assert parse(spelt, "http", "https") == origin


def test_an_ipv6_host_has_no_brackets() -> None:
    assert parse("wss://[::1]", "wss") == Origin("wss", "::1", 443)


@pytest.mark.parametrize(
    "text",
    [
        *("", "null", "chat.example", "ftp://chat.example", "https://", "https://chat.example/"),
        *("https://chat.example/x", "https://chat.example?x", "https://chat.example#x"),
        *("https://user@chat.example", "https://chat.example:x", "https://chat.example:65536"),
        *("https://chat.example;x", "https://chat.example x", "https://ch\u00e4t.example"),
    ],
)
def test_anything_else_is_none(text: str) -> None:
    with pytest.raises(ValueError):
        parse(text, "http", "https")
