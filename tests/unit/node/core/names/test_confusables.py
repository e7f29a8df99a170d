"""Which names look alike, and which scripts go together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.core.names import confusables, names
from node.core.names.names import BadName, claims, fold, nick, take


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("\u0430\u0441\u0435", "ace"),  # Cyrillic
        ("\u03bf\u03bd", "ov"),  # Greek
        ("\u0131n", "in"),  # a dotless i
        ("\u0412\u041e\u0412", "bob"),  # Cyrillic capitals; the small ones do not look so
        ("\u3078", "\u30d8"),  # Hiragana and Katakana
        ("\u0966", "o"),  # a digit of Devanagari
        ("\u13a0\u13a2", "dt"),  # Cherokee, which has its own capitals
        ("\u028d", "\u043c"),
    ],
)
def test_names_that_look_alike_take_up_the_same(one: str, other: str) -> None:
    assert fold(one) != fold(other)
    assert set(claims(one).split(" ")) & set(claims(other).split(" ")), (claims(one), claims(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("b0b", "bob"),
        ("l1", "ll"),
        ("I", "l"),
        ("modern", "modem"),
        ("ana", "aña"),
        ("ünal", "unal"),
        ("straße", "strasse"),
        ("日本", "日木"),
    ],
)
def test_names_that_are_typed_otherwise_do_not(one: str, other: str) -> None:
    assert not set(claims(one).split(" ")) & set(claims(other).split(" "))


@given(st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}", fullmatch=True))
def test_a_plain_name_takes_up_its_folded_form_alone(text: str) -> None:
    assert take(text) == (text, text.lower())
    assert claims(text) == names._claims(text) == text.lower()


@given(st.text(max_size=40))
def test_what_is_taken_up_begins_with_the_folded_form_and_has_nothing_odd(text: str) -> None:
    try:
        written, taken = take(text)
    except BadName:
        return
    first, *others = taken.split(" ")
    assert (written, first) == (nick(text), fold(text))
    assert all(other.isprintable() and other for other in others)
    assert claims(written) == taken and len(others) <= 2


@pytest.mark.parametrize(
    "text",
    [
        "Ünal",
        "Ана",
        "日本",
        "ひらカタ漢字",
        "東京Tower",
        "김철수",
        "金철수kim",
        "ㄅㄆ注音abc",
        "محمد",
        "ا٣",
        "דוד",
        "नमस्ते",
        "ぁー々",
        "e\u0301t\u0301",
        "Ελένη",
        "Νίκος.K"[:5],
        "Ђорђе-2",
        "ไทย๙",
        "ー",
        "々",
        "x\u0363",
    ],
)
def test_scripts_that_are_written_together_are_fine(text: str) -> None:
    assert take(text)[0] == nick(text)


@pytest.mark.parametrize(
    "text", ["\u0430na", "p\u0430ypal", "abcβ", "김ご", "ㄅご", "Ελеνη", "яя9अ", "ab\u0967", "дժ"]
)
def test_scripts_that_are_not_are_refused_with_a_reason(text: str) -> None:
    assert nick(text) and claims(text)
    with pytest.raises(BadName, match="^A nick is written in one script, or in Latin"):
        take(text)


def test_the_tables_are_of_the_version_that_they_say() -> None:
    assert confusables.like("\u0430") == "a"
    starts, rows = confusables._scripts()
    assert starts == sorted(set(starts))
    assert all(first <= last for first, (last, _) in zip(starts, rows, strict=True))
    assert all(after > last for after, (last, _) in zip(starts[1:], rows, strict=False))
