"""Logs on a disk: one file for each room, for the eyes of the user alone."""

import os
import stat
import threading
from pathlib import Path

import pytest

from client.cli import log_files
from client.cli.log_files import LogFiles, file_name


def written(folder: Path, *lines: tuple[str, str]) -> list[str]:
    """Write lines, and return why some could not be written."""
    failures: list[str] = []
    files = LogFiles(folder, failures.append)
    for name, line in lines:
        files.write(name, line)
    files.finish()
    return failures


def test_lines_are_appended_to_a_file_for_each_name(tmp_path: Path) -> None:
    folder = tmp_path / "logs" / "server"
    assert not written(folder, ("lab", "one"), ("@bo", "psst"), ("lab", "two"))
    assert not written(folder, ("lab", "three"))
    assert (folder / "lab.log").read_text() == "one\ntwo\nthree\n"
    assert (folder / "@bo.log").read_text() == "psst\n"


def test_only_the_user_may_read_them(tmp_path: Path) -> None:
    folder = tmp_path / "server"
    folder.mkdir()
    (folder / "lab.log").touch(0o644)
    before = os.umask(0)
    try:
        written(folder, ("lab", "one"), ("ops", "two"))
    finally:
        os.umask(before)
    for name in ("lab.log", "ops.log"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", ".hidden", "", "a/b", "x" * 10_000, "\ud800", "a\nb"]
)
def test_no_name_leads_out_of_the_folder(name: str) -> None:
    found = file_name(name)
    assert "/" not in found and not found.startswith(".") and found.isprintable()
    assert len(found.encode()) <= 255


def test_names_that_differ_have_files_that_differ() -> None:
    names = ["a/b", "a:b", "a_b", "x" * 200, "x" * 201, "\u4f60", "@bo", "bo"]
    assert len({file_name(name) for name in names}) == len(names)
    assert file_name("@bo") == "@bo.log" and file_name("\u4f60") == "\u4f60.log"


def test_a_log_is_not_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "lab.log").symlink_to(tmp_path / "other")
    (why,) = written(tmp_path, ("lab", "one"), ("lab", "two"))
    assert why.startswith(f"{tmp_path / 'lab.log'}: it is a symbolic link")
    assert not (tmp_path / "other").exists()


def test_a_folder_that_cannot_be_made_is_reported_once(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (why,) = written(tmp_path / "file", ("lab", "one"), ("ops", "two"))
    path = tmp_path / "file" / "lab.log"
    assert why in (f"{path}: Not a directory", f"{path}: File exists")


def test_lines_beyond_the_limit_are_lost_and_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_files, "_MOST_LINES", 2)
    goes_on, is_busy = threading.Event(), threading.Event()

    def append(self: LogFiles, path: Path, lines: list[str]) -> None:
        is_busy.set()
        goes_on.wait(10)

    monkeypatch.setattr(LogFiles, "_append", append)
    failures: list[str] = []
    files = LogFiles(tmp_path, failures.append)
    files.write("lab", "0")
    assert is_busy.wait(10)
    for number in range(3):
        files.write("lab", str(number))
    goes_on.set()
    files.finish()
    assert failures == ["the disk is too slow"]
