"""The tables of codes and reasons."""

from wire.errors import CODES, REASONS, Code, Reason


def test_every_code_and_every_reason_has_a_row() -> None:
    assert set(CODES) == set(Code)
    assert set(REASONS) == set(Reason)
