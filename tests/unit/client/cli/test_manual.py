"""What ``chat --help`` says about standard input."""

import pytest

from client.cli.command_line import parse_flags


def test_json_alone_reads_only_on_a_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_flags({}, ["--help"])
    manual = " ".join(capfd.readouterr().out.split())
    assert (
        "is sent to the (first) room, unless --listen asks to read instead; so does --json where"
        " standard input is a terminal."
    ) in manual
