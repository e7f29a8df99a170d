"""The command line that adds, removes and lists accounts."""

import errno
import io
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from node.auth import accounts_file
from node.cli import accounts

Run = Callable[..., int]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that is not there yet."""
    return tmp_path / "accounts"


@pytest.fixture
def run(path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command line, with what is typed."""
    monkeypatch.setenv("CHAT_ACCOUNTS", str(path))

    def run(*argv: str, typed: str = "") -> int:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        return accounts.main(argv)

    return run


def nicks(path: Path) -> list[str]:
    return [account.nick for account in accounts_file.read(str(path))]


def test_an_account_is_added_and_its_password_is_not_in_the_file(run: Run, path: Path) -> None:
    assert run("add", "Ana", typed="open sesame\n") == 0
    [account] = accounts_file.read(str(path))
    assert account.nick == "Ana" and PasswordHasher().verify(account.hash, "open sesame")
    assert "sesame" not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [found.name for found in path.parent.iterdir()] == ["accounts"]


def test_adding_it_again_changes_the_password(run: Run, path: Path) -> None:
    for password in ("first", "second"):
        assert run("add", "ana", typed=password) == 0
    assert run("add", "bo", typed="third") == 0
    assert run("add", "ANA", typed="fourth") == 0
    assert nicks(path) == ["bo", "ANA"]
    assert PasswordHasher().verify(accounts_file.read(str(path))[1].hash, "fourth")


def test_it_is_told_whether_an_account_is_new(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    told = []
    for nick in ("ana", "ana", "ANA", "bo"):
        run("add", nick, typed="secret")
        told.append(capsys.readouterr().out.splitlines()[0])
    assert told == [
        "Added the account ana; a session that uses the nick now keeps it.",
        "Changed the password of ana.",
        "Changed the password of ANA, which was written ana until now.",
        "Added the account bo; a session that uses the nick now keeps it.",
    ]


def test_accounts_are_listed_and_removed(
    run: Run, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for nick in ("ana", "bo"):
        run("add", nick, typed="secret")
    capsys.readouterr()
    assert run("list") == 0 and capsys.readouterr().out == "ana\nbo\n"
    assert run("remove", "Ana") == 0 and nicks(path) == ["bo"]
    assert run("remove", "ana") == 1 and "no account ana" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "typed", "why"),
    [
        (("add", "a b"), "secret", "SPACE"),
        (("add", "\u0430na"), "secret", "one script"),
        (("add", "\u0430\u0441\u0435"), "secret", "looks like that of another account"),
        (("add", "bo"), "", "a password is 1 to 1024 bytes"),
        (("add", "bo"), "x" * 1025, "a password is 1 to 1024 bytes"),
    ],
)
def test_an_invalid_account_changes_nothing(
    run: Run,
    path: Path,
    capsys: pytest.CaptureFixture[str],
    argv: tuple[str, ...],
    typed: str,
    why: str,
) -> None:
    run("add", "ace", typed="secret")
    before = path.read_bytes()
    assert run(*argv, typed=typed) == 1
    error = capsys.readouterr().err
    assert why in error and error.count("\n") == 1
    assert path.read_bytes() == before


def test_an_account_looks_like_no_other_within_ascii_unless_it_is_there_already(
    run: Run, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("add", "bill", typed="secret")
    assert run("add", "biII", typed="secret") == 1
    assert "looks like that of another account" in capsys.readouterr().err
    with path.open("a") as file:
        file.write(path.read_text().replace("bill", "biII"))
    assert run("add", "bill", typed="another") == 0 and nicks(path) == ["biII", "bill"]


def test_a_terminal_is_asked_twice(
    run: Run, path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for second, status in (("one", 0), ("other", 1)):
        typed = iter(("one", second))
        monkeypatch.setattr("getpass.getpass", lambda prompt: next(typed))
        monkeypatch.setattr("sys.stdin", Terminal())
        assert accounts.main(["add", "ana" if status == 0 else "bo"]) == status
    assert "passwords do not match" in capsys.readouterr().err
    assert nicks(path) == ["ana"]


def test_an_error_names_the_file(run: Run, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list") == 1
    assert capsys.readouterr().err == f"{accounts.PROGRAM}: {path}: No such file or directory\n"
    path.write_text("ana\n")
    assert run("list") == 1 and f"{path}: line 1 is not NICK:HASH" in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_named_before_a_password_is_asked_for(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "_password", None)
    file = tmp_path / "none" / "accounts"
    assert run("add", "ana", "--accounts", str(file)) == 1
    error = f"{accounts.PROGRAM}: {file}: there is no folder {file.parent}\n"
    assert capsys.readouterr().err == error


def test_an_error_of_the_system_names_the_file_and_no_temporary_one(
    run: Run, path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), f"{path.parent}/.accounts.x1")

    monkeypatch.setattr("tempfile.mkstemp", full)
    assert run("add", "ana", typed="secret") == 1
    assert capsys.readouterr().err == f"{accounts.PROGRAM}: {path}: No space left on device\n"


def test_without_a_file_nothing_is_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("CHAT_ACCOUNTS", raising=False)
    assert accounts.main(["list"]) == 2
    assert "CHAT_ACCOUNTS" in capsys.readouterr().err


def test_the_file_may_be_named_in_front_of_the_action_or_behind_it(
    run: Run, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    assert run("--accounts", str(other), "add", "ana", typed="open sesame\n") == 0
    assert run("add", "bo", "--accounts", str(other), typed="open sesame\n") == 0
    assert nicks(other) == ["ana", "bo"]
