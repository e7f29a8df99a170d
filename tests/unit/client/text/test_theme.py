"""Colours that can be read on any ground, times and days."""

from datetime import UTC, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.output import vt100

from client.text.theme import ALARM, NICK_COLOURS, Theme, nick_colour

NOON = 43_200_000
LEVELS = (0, 95, 135, 175, 215, 255)


def luminance(colour: str) -> float:
    """Return the relative luminance, by the formula of WCAG 2.2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def least_contrast(colour: str) -> float:
    """Return the contrast on black or on white, whichever is less."""
    light = luminance(colour) + 0.05
    return min(light / 0.05, 1.05 / light)


def nearest_of_256(colour: str) -> str:
    """Return what is shown of a colour where there are but 256."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    number = vt100._256_colors[red, green, blue] - 16
    parts = (LEVELS[number // 36], LEVELS[number // 6 % 6], LEVELS[number % 6])
    return "#%02x%02x%02x" % parts


@pytest.mark.parametrize("colour", [*NICK_COLOURS, ALARM])
def test_a_nick_can_be_read_on_black_and_on_white(colour: str) -> None:
    assert least_contrast(colour) >= 4.5


@pytest.mark.parametrize("colour", NICK_COLOURS)
def test_of_256_colours_the_nearest_can_be_read_too(colour: str) -> None:
    assert least_contrast(nearest_of_256(colour)) >= 4.0


def test_different_colours_are_different_among_256_as_well() -> None:
    assert len({nearest_of_256(colour) for colour in NICK_COLOURS}) == len(NICK_COLOURS)


@given(st.text())
def test_a_nick_always_has_the_same_colour_in_whatever_case(nick: str) -> None:
    assert nick_colour(nick) == nick_colour(nick) in NICK_COLOURS


def test_the_colour_of_a_nick_is_the_same_on_every_client() -> None:
    assert nick_colour("ana") == nick_colour("ANA") == NICK_COLOURS[1]


def test_nicks_get_all_of_the_colours() -> None:
    assert {nick_colour(f"nick{number}") for number in range(200)} == set(NICK_COLOURS)


def test_times_are_local_and_in_the_form_that_is_wanted() -> None:
    assert Theme(zone=UTC).clock(NOON) == "12:00"
    assert Theme("%H.%M.%S", timezone(timedelta(hours=2))).clock(NOON) == "14.00.00"
    assert Theme().clock(None) == "--:--"


def test_a_day_is_shown_with_its_name() -> None:
    assert Theme(zone=UTC).day(NOON) == "Thursday, 1 January 1970"
    assert Theme().day(None) == ""


@pytest.mark.parametrize("at", [-(2**53), 2**53, 10**18])
def test_a_time_that_no_calendar_has_is_dashes(at: int) -> None:
    assert (Theme(zone=UTC).clock(at), Theme(zone=UTC).day(at)) == ("--:--", "")
