"""What Tab offers."""

import pytest
from hypothesis import given

from client.tui import buffers as buffers_module
from client.tui.buffers import Buffers
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


@pytest.mark.parametrize(
    "before, found",
    [
        ("/join ", ["general", "garden", "lab", "Tea", "great"]),
        ("/join te", ["Tea"]),
        ("/leave te", []),
        ("/who g", ["general", "garden"]),
    ],
)
def test_rooms_that_were_listed_can_be_joined(before: str, found: list[str]) -> None:
    assert candidates(before, ROOMS, NICKS, ["Lab", "Tea", "great"])[1] == found


@pytest.mark.parametrize("command", ["/msg", "/ignore", "/MSG"])
def test_a_command_for_a_person_offers_the_nicks(command: str) -> None:
    assert candidates(f"{command} ", ROOMS, NICKS) == ("", ["bo ", "Bob ", "ana "])
    assert candidates(f"{command} bo ", ROOMS, NICKS) == ("", [])


def test_all_commands_are_offered() -> None:
    assert candidates("/", ROOMS, NICKS)[1] == [f"/{name} " for name in COMMANDS]


@given(hostile)
def test_a_name_that_hides_or_acts_is_not_offered(name: str) -> None:
    for before in (name[:1], f"/join {name[:1]}"):
        for found in candidates(before, [name], [name])[1]:
            assert_harmless(found)


def test_the_rooms_that_were_listed_last_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buffers_module, "MOST_LISTED", 2)
    buffers = Buffers()
    buffers.note_rooms(["a", "b"])
    buffers.note_rooms(["a", "c"])
    assert list(buffers.listed) == ["a", "c"]
