"""A nick for who did not choose one."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.text.nicks import mentions, nick_from, with_suffix


@pytest.mark.parametrize(
    "login, nick",
    [
        ("ana", "ana"),
        ("Ana.Lee-2", "Ana.Lee-2"),
        ("DOMAIN\\ana", "DOMAINana"),
        ("-x", "x"),
        ("jos\u00e9 maria", "josmaria"),
        ("\uff41\uff4e\uff41", "ana"),
        ("", "guest"),
        ("\u5f20", "guest"),
        ("x" * 100, "x" * 24),
    ],
)
def test_a_login_name_becomes_a_nick(login: str, nick: str) -> None:
    assert nick_from(login) == nick


@given(st.text(), st.floats(0, 1, exclude_max=True))
def test_every_login_name_becomes_a_possible_nick(login: str, chance: float) -> None:
    nick = with_suffix(nick_from(login), lambda: chance)
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}", nick)


def test_a_suffix_is_short_and_random() -> None:
    assert with_suffix("ana", lambda: 0.00071) == "ana-0007"


@pytest.mark.parametrize(
    "text, meant",
    [
        ("hello Ana!", True),
        ("ana: there", True),
        ("banana", False),
        ("@ana", True),
        ("", False),
        ("\u0430na", False),
    ],
)
def test_a_nick_as_a_word_is_a_mention(text: str, meant: bool) -> None:
    assert mentions(text, "ana") is meant


@pytest.mark.parametrize(
    "nick, text, meant",
    [
        ("小明", "小明你好", True),  # Chinese: Xiaoming hello
        ("小明", "你好小明吗", True),
        ("小明", "小红", False),
        ("ana", "你好ana吗", True),
        ("ana", "你好banana吗", False),
        ("ana1", "ana1吗", True),
        ("田中", "田中さんは", True),  # Japanese: Tanaka-san wa
        ("さくら", "さくらちゃん", True),  # Sakura-chan
        ("アナ", "アナさん", True),  # Ana-san
        ("アナ", "ｱﾅさん", True),  # in half width
        ("アナ", "アナログ", False),  # analogue
        ("ルパー", "ルパーは", True),  # a long vowel at its end
        ("민수", "민수야 안녕", True),  # Korean: Minsu, hello
        ("민수", "민지야", False),
        ("นา", "สวัสดีนาคะ", True),  # Thai
        ("นา", "นา้", False),  # a tone mark makes it another syllable
        ("ana", "пana", True),  # Cyrillic before it
        ("ana", "ana_b", False),
        ("ana", "ana2", False),
        ("josé", "josé, hello", True),  # composed and decomposed
        ("jose", "josé", False),
        ("иван", "ивана", False),
        ("ana", "banana, ana", True),
    ],
)
def test_words_end_by_the_rules_of_their_script(nick: str, text: str, meant: bool) -> None:
    assert mentions(text, nick) is meant


@given(st.text(), st.text(st.characters(categories=["L"]), min_size=1))
def test_a_nick_by_itself_is_a_mention_in_every_script(text: str, nick: str) -> None:
    assert mentions(f"{text}({nick})", nick)
