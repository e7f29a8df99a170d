"""When two spellings are one name."""

import pytest

from client.protocol.names import fold


@pytest.mark.parametrize(
    "one, other",
    [("lab", "LAB"), ("Stra\u00dfe", "STRASSE"), ("caf\u00e9", "Cafe\u0301"), ("\uff54ea", "tea")],
)
def test_spellings_of_one_name_fold_to_the_same(one: str, other: str) -> None:
    assert fold(one) == fold(other) == fold(fold(one))


def test_other_names_stay_apart() -> None:
    assert len({fold(name) for name in ("tea", "te\u00e1", "tee", "")}) == 4
