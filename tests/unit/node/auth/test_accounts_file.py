"""The file of accounts: what is in it, and how it is replaced."""

import stat
from pathlib import Path

import pytest

from node.auth import accounts_file
from node.auth.accounts_file import Account

ANA = Account("Ana", "$argon2id$ana")
BO = Account("bo", "$argon2id$bo")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that is not there yet."""
    return tmp_path / "accounts"


def test_accounts_are_read_as_they_were_written(path: Path) -> None:
    accounts_file.write(str(path), [ANA, BO])
    assert accounts_file.read(str(path)) == [ANA, BO]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [found.name for found in path.parent.iterdir()] == ["accounts"]


def test_a_file_that_cannot_be_replaced_stays_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_old: str, _new: Path) -> None:
        raise OSError

    accounts_file.write(str(path), [ANA])
    monkeypatch.setattr("os.replace", refuse)
    with pytest.raises(OSError):
        accounts_file.write(str(path), [BO])
    assert accounts_file.read(str(path)) == [ANA]
    assert [found.name for found in path.parent.iterdir()] == ["accounts"]


def test_an_account_is_found_by_its_folded_nick_and_by_what_it_looks_like() -> None:
    assert accounts_file.by_claim([ANA, BO])["ana"] is ANA
    found = accounts_file.by_claim([Account("\u0430\u0441\u0435", "$argon2id$")])
    assert len(found) > 1 and len(set(map(id, found.values()))) == 1


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"ana\n", "line 1 is not NICK:HASH"),
        (b"\nana:secret\n", "line 2 is not NICK:HASH"),
        (b"a b:$argon2id$\n", "line 1: A nick"),
        (b"\xff", "not UTF-8"),
    ],
)
def test_an_invalid_file_is_refused_with_the_number_of_the_line(
    path: Path, content: bytes, why: str
) -> None:
    path.write_bytes(content)
    with pytest.raises(ValueError, match=why):
        accounts_file.read(str(path))
