"""How the command lines say what is wrong."""

import pytest

from wire.arguments import Parser


def test_a_mistake_is_one_line_and_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    parser = Parser("chat")
    parser.add_argument("--room", choices=["lab"])
    with pytest.raises(SystemExit) as ended:
        parser.parse_args(["--room", "ops"])
    told = capsys.readouterr().err
    assert ended.value.code == 2
    assert told.startswith("chat: argument --room: ") and told.count("\n") == 1


@pytest.mark.parametrize("argument", ["--tokn", "--tokn=geheim"])
def test_an_unknown_flag_is_named_without_its_value(
    capsys: pytest.CaptureFixture[str], argument: str
) -> None:
    with pytest.raises(SystemExit):
        Parser("chat").parse_args([argument])
    assert capsys.readouterr().err == "chat: unrecognized arguments: --tokn (see --help)\n"
