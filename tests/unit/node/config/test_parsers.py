"""Parsers of settings return a value or raise ValueError, for any text."""

from collections.abc import Callable
from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.config import parsers

READERS: list[Callable[[str], object]] = [
    parsers.whole(1, 10),
    parsers.port,
    parsers.port_or_off,
    parsers.number,
    parsers.rate,
    parsers.word("text", "json"),
    parsers.switch,
    parsers.host,
    parsers.label,
    parsers.file,
    parsers.token,
]
numeric = st.text(st.sampled_from("0123456789./-+eE_infa ٣"), max_size=12)


@pytest.mark.parametrize("read", READERS)
@given(text=st.text() | numeric | st.just("\ud800"))
def test_nothing_but_a_value_error_is_raised(read: Callable[[str], object], text: str) -> None:
    try:
        read(text)
    except ValueError:
        pass


@given(st.integers())
def test_whole_numbers_within_the_bounds_are_read(number: int) -> None:
    if 1 <= number <= 1000:
        assert parsers.whole(1, 1000)(str(number)) == number
    else:
        with pytest.raises(ValueError):
            parsers.whole(1, 1000)(str(number))


@given(numeric)
def test_a_rate_is_usable_by_a_limiter(text: str) -> None:
    try:
        rate = parsers.rate(text)
    except ValueError:
        return
    assert isfinite(rate.per_second) and isfinite(rate.burst)
    assert rate.per_second == 0 or rate.per_second >= parsers.RATE_LEAST and rate.burst >= 1
