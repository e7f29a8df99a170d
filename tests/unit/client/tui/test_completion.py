"""What Tab offers."""

import pytest
from hypothesis import given

from client.tui.commands import COMMANDS
from client.tui.completion import candidates
from tests.support.hostile import assert_harmless, hostile

ROOMS, NICKS = ["general", "garden", "lab", "@bo"], ["bo", "Bob", "ana"]


@pytest.mark.parametrize(
    "before, word, found",
    [
        ("/jo", "/jo", ["/join "]),
        ("/JO", "/JO", ["/join "]),
        ("//jo", "//jo", []),
        ("/join g", "g", ["general", "garden"]),
        ("/leave ", "", ROOMS),
        ("/who L", "L", ["lab"]),
        ("b", "b", ["bo: ", "Bob: "]),
        ("hello BO", "BO", ["bo ", "Bob "]),
        ("one\nan", "an", ["ana "]),
        ("/msg a", "a", ["ana "]),
        ("", "", []),
        ("hello ", "", []),
        ("/nonsense g", "g", []),
        ("@b", "@b", ["@bo ", "@Bob "]),
        ("/msg @b", "@b", ["@bo ", "@Bob "]),
        ("/join @b", "@b", []),
        ("/join ", "", ["general", "garden", "lab"]),
        ("/leave @b", "@b", ["@bo"]),
    ],
)
def test_before_the_cursor_there_is(before: str, word: str, found: list[str]) -> None:
    assert candidates(before, ROOMS, NICKS) == (word, found)


def test_all_commands_are_offered() -> None:
    assert candidates("/", ROOMS, NICKS)[1] == [f"/{name} " for name in COMMANDS]


@given(hostile)
def test_a_name_that_hides_or_acts_is_not_offered(name: str) -> None:
    for before in (name[:1], f"/join {name[:1]}"):
        for found in candidates(before, [name], [name])[1]:
            assert_harmless(found)
