"""What a shell completes behind `chat-node`: flags, their values, commands and what these take."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from node.cli.subcommands import COMMANDS, PARSERS
from node.config import command_line
from node.config.options import OPTIONS
from tests.support.node_process import ROOT, environment
from tests.support.shell import complete_in_bash, complete_in_fish


def script(shell: str) -> str:
    """Return the script that the program prints."""
    return subprocess.check_output(
        [sys.executable, "-m", "node", "--completion", shell],
        cwd=ROOT,
        env=environment(),
        text=True,
        timeout=60,
    )


@pytest.fixture(scope="module")
def for_bash() -> str:
    """The script for bash."""
    return script("bash")


ACTIONS = "status nodes sessions kick ban unban bans close-room announce".split()


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ([""], {"status", "admin", "account"}),
        (["sta"], {"status"}),
        (["status", "--"], {"--help", "--redis-url", "--json"}),
        (["admin", ""], set(ACTIONS)),
        (["admin", "--redis-url", "redis://h", "ki"], {"kick"}),
        (["admin", "ban", "--"], {"--help", "--redis-url", "--address", "--for", "--reason"}),
        (["admin", "ban", "ana", "--f"], {"--for"}),
        (["account", ""], {"add", "remove", "list"}),
        (["account", "--accounts", "us"], {"users"}),
        (["account", "list", "--accounts", "us"], {"users"}),
        (["--log-level", ""], {"debug", "info", "warning", "error"}),
        (["--port", "1", "--log-format", "j"], {"json"}),
        (["--proxy-protocol", ""], {"0", "1"}),
        (["--completion", ""], {"bash", "zsh", "fish"}),
    ],
)
def test_bash_completes(
    for_bash: str, typed: list[str], completed: set[str], tmp_path: Path
) -> None:
    (tmp_path / "users").touch()
    assert complete_in_bash(for_bash, ["chat-node", *typed], tmp_path) == completed


def test_the_scripts_for_other_shells_know_the_commands_and_the_values(tmp_path: Path) -> None:
    zsh, fish = script("zsh"), script("fish")
    for text in (*ACTIONS, "debug info warning error"):
        assert text in zsh and text in fish
    if shutil.which("fish"):
        assert complete_in_fish(fish, ["chat-node", "admin", "clo"], tmp_path) == {"close-room"}


def test_each_command_is_in_the_help_and_has_a_parser() -> None:
    assert list(PARSERS) == list(command_line.COMMANDS) and set(PARSERS) == set(COMMANDS)


def test_a_setting_accepts_the_words_that_are_completed() -> None:
    offered = [(option, word) for option in OPTIONS for word in option.words]
    assert offered
    for option, word in offered:
        option.read(word)
        assert word in option.expected
