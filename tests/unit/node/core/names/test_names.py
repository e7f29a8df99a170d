"""Nicks and rooms: what is allowed, how it is written, what counts as the same."""

from collections.abc import Callable
from unicodedata import category, normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.core.names import names
from node.core.names.names import BadName, fold, nick, room

PREPARATIONS = [nick, fold, room]

ascii_texts = st.text(st.characters(max_codepoint=127), max_size=70)
# Letters that case, width and composition change, with marks and digits; nearly all are names.
letters = st.sampled_from("aAzZ09_İıßẞΣσςΑÅåÅKȺⱥＵｕＡ９＿ﾊﾎｶｱ가각日本ñÑéÉᾳΐЙй")
marks = st.sampled_from("\u0301\u0308\u0304\u0323\u0302\u030a\u0327\u0307\u0306\u0345-.．ﾟﾞ")
intricate = st.builds(str.__add__, letters, st.text(letters | marks, max_size=12))
rare = st.text(st.sampled_from("aA1ǅﬁⅣªᾈא٠۰ב\u200d\u0301ᄀ퟇٣\ud800 "), max_size=5)
texts = ascii_texts | intricate | rare | st.text(max_size=80)


def accepts(prepare: Callable[[str], str], text: str) -> bool:
    try:
        prepare(text)
    except BadName:
        return False
    return True


@pytest.mark.parametrize("prepare", PREPARATIONS)
@pytest.mark.parametrize(
    "text",
    [
        "ana",
        "Ana",
        "_",
        "7",
        "۷",
        "a.b-c_d",
        "a..",
        "Ünal",
        "Ана",
        "日本",
        "محمد",
        "דוד",
        "ا٣",
        "नमस्ते",
    ]
    + ["x" * 64, "é" * 32],
)
def test_names_of_every_script_are_allowed(prepare: Callable[[str], str], text: str) -> None:
    assert prepare(text)


@pytest.mark.parametrize("prepare", PREPARATIONS)
@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "at least one character"),
        ("a b", "SPACE"),
        ("a\xa0b", "NO-BREAK SPACE"),
        ("a\0", "U+0000"),
        ("a\n", "U+000A"),
        ("\x7f", "U+007F"),
        ("a\x85", "U+0085"),
        ("@", "COMMERCIAL AT"),
        ("a@b", "COMMERCIAL AT"),
        ("#room", "NUMBER SIGN"),
        ("a/b", "SOLIDUS"),
        ("\N{GRINNING FACE}", "GRINNING FACE"),
        ("\ud800", "U+D800"),
        ("\ue000", "U+E000"),
        ("\uffff", "U+FFFF"),
        ("a\u200d", "ZERO WIDTH JOINER"),
        ("می\u200cخواهم", "ZERO WIDTH NON-JOINER"),
        ("a\u202eb", "RIGHT-TO-LEFT OVERRIDE"),
        ("l·l", "MIDDLE DOT"),
        ("-a", "begins with"),
        (".a", "begins with"),
        ("\u0301a", "begins with"),
        ("\u2460", "which is written 1"),
        ("\ufb01", "which is written fi"),
        ("אa", "right to left"),
        ("1א", "right to left"),
        ("ب٠۰", "right to left"),
        ("x" * 65, "at most 64 bytes of UTF-8 long; this one has 65"),
        ("é" * 33, "at most 64 bytes of UTF-8 long; this one has 66"),
        ("x" * 16_000, "at most 64 bytes"),
    ],
)
def test_what_is_forbidden_is_refused_with_a_sentence(
    prepare: Callable[[str], str], text: str, why: str
) -> None:
    with pytest.raises(BadName) as refusal:
        prepare(text)
    sentence = str(refusal.value)
    assert why in sentence
    assert sentence.startswith("A room name " if prepare is room else "A nick ")
    assert sentence.endswith(".")
    assert sentence.isprintable()


def test_a_nick_keeps_its_case_and_a_room_does_not() -> None:
    assert nick("AnA") == "AnA"
    assert fold("AnA") == "ana"
    assert room("GeneraL") == "general"
    assert (nick("ÄNNE"), fold("ÄNNE"), room("ÄNNE")) == ("ÄNNE", "änne", "änne")


def test_full_width_and_decomposed_forms_are_the_same_name() -> None:
    assert nick("ＡｎＡ") == "AnA"
    assert fold("ＡＮＡ") == room("ＡＮＡ") == "ana"
    assert nick("ﾊﾟ") == "パ"
    assert nick("e\u0301") == nick("é") == "é"
    assert fold("\N{KELVIN SIGN}") == "k"


def test_the_length_that_counts_is_that_of_the_prepared_form() -> None:
    assert nick("ａ" * 64) == room("ａ" * 64) == "a" * 64
    assert not accepts(nick, "ａ" * 65)
    tightest = "Ｕ\u0308\u0304"  # seven bytes that become two
    assert nick(tightest * 32) == "Ǖ" * 32
    assert room(tightest * 32) == "ǖ" * 32
    assert not accepts(nick, tightest * 33)


def test_no_character_shrinks_more_than_the_bound_on_raw_names_allows() -> None:
    """The bound counts characters: the longest canonical spelling of any one, in whole names."""
    for number in (n for n in range(0x110000) if not 0xD800 <= n < 0xE000):
        character = chr(number)
        spelled = len(normalize("NFD", character))
        assert spelled <= len(character.encode()) * names._SHRINKS


def test_a_nick_may_be_longer_in_the_form_it_is_compared_in() -> None:
    assert nick("Ⱥ" * 32) == "Ⱥ" * 32
    assert fold("Ⱥ" * 32) == "ⱥ" * 32
    with pytest.raises(BadName, match="this one has 96"):
        room("Ⱥ" * 32)


@pytest.mark.parametrize("number", range(128))
def test_every_ascii_character_is_decided_by_the_rule(number: int) -> None:
    character = chr(number)
    inside = character.isalnum() or character in "_-."
    assert accepts(nick, "a" + character) == accepts(room, "a" + character) == inside
    first = character.isalnum() or character == "_"
    assert accepts(nick, character) == accepts(room, character) == first


@given(ascii_texts)
def test_the_fast_path_agrees_with_the_slow_one(text: str) -> None:
    def slowly_nick(text: str) -> str:
        return names._nick(text)[0]

    def slowly_fold(text: str) -> str:
        return names._nick(text)[1]

    pairs: list[tuple[Callable[[str], str], Callable[[str], str]]]
    pairs = [(nick, slowly_nick), (fold, slowly_fold), (room, names._room)]
    for fast, slow in pairs:
        assert accepts(fast, text) == accepts(slow, text)
        assert not accepts(fast, text) or fast(text) == slow(text)


@given(intricate | texts)
def test_a_prepared_name_is_prepared_already(text: str) -> None:
    if not accepts(nick, text):
        return
    written = nick(text)
    assert nick(written) == written
    assert fold(written) == fold(text)
    assert len(written.encode()) <= 64
    if accepts(fold, fold(text)):
        assert fold(fold(text)) == fold(text)


@given(intricate | texts)
def test_a_prepared_room_is_prepared_already(text: str) -> None:
    if not accepts(room, text):
        return
    written = room(text)
    assert room(written) == written
    assert fold(written) == written
    assert len(written.encode()) <= 64


@given(texts)
def test_nothing_but_a_name_or_a_refusal_comes_out(text: str) -> None:
    assert accepts(nick, text) == accepts(fold, text)
    if accepts(nick, text):
        written = nick(text)
        assert all(category(c)[0] in "LM" or category(c) == "Nd" or c in "_-." for c in written)
        assert category(written[0])[0] == "L" or category(written[0]) == "Nd" or written[0] == "_"
