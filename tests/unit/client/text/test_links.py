"""Links in what others write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.text.links import LONGEST, Linked, address, links
from client.text.sanitize import safe_line
from tests.support.hostile import hostile


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see https://a.example/b, and", ["https://a.example/b"]),
        ("HTTP://A.EXAMPLE", ["HTTP://A.EXAMPLE"]),
        ("(https://a.example/b_(c))", ["https://a.example/b_(c)"]),
        ("https://a.example/?x=1&y=2#z!", ["https://a.example/?x=1&y=2#z"]),
        ("<https://a.example> 'https://b.example'", ["https://a.example", "https://b.example"]),
        ("\u89c1https://a.example/x\u3002\u597d", ["https://a.example/x"]),
        ("https://[::1]:8080/a", ["https://[::1]:8080/a"]),
        ("javascript://a.example file://a data://a ftp://a.example", []),
        ("https:// http://... https:/// http://_", []),
        ("xhttps://a.example", []),
        ("https://a.example/\x1b]8;;b\x07", ["https://a.example/"]),
        ("https://a.example/\u202egpj.exe", ["https://a.example/"]),
    ],
)
def test_a_link_is_http_and_ends_where_its_sentence_goes_on(text: str, found: list[str]) -> None:
    shown = safe_line(text)
    assert [shown[start:end] for start, end in links(shown)] == found


@given(hostile | st.text(st.sampled_from("htps:/.a)( \x1b\\\u202e\u00e9")))
def test_an_address_cannot_end_the_sequence_in_which_it_is_sent(text: str) -> None:
    shown = safe_line(f"https://a.example/{text}")
    for start, end in links(shown):
        url = address(shown[start:end])
        assert url is None or (url.isascii() and url.isprintable() and " " not in url)
        assert url is None or url.lower().startswith(("http://", "https://"))


def test_an_address_is_encoded_and_bounded() -> None:
    assert address("https://a.example/K\u00f6ln") == "https://a.example/K%C3%B6ln"
    link = "https://a.example/"
    assert address(link + "x" * (LONGEST - len(link))) is not None
    assert address(link + "x" * (LONGEST - len(link) + 1)) is None


def test_a_piece_with_another_address_is_another_piece() -> None:
    assert Linked("a", "http://a") == Linked("a", "http://a")
    assert Linked("a", "http://a") != Linked("a", "http://b")
    assert Linked("a", "http://a") != "a" and "a" != Linked("a", "http://a")
    assert len({Linked("a", "http://a"), Linked("a", "http://b"), "a"}) == 3
