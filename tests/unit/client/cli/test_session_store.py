"""What the next start finds in the state folder."""

import fcntl
import os
import stat
from pathlib import Path

import pytest

from client.cli import session_store
from client.cli.session_store import Saved, SessionStore, Unsent, open_store
from wire import messages as m

SAVED = Saved(
    key="k" * 32,
    at_ms=5,
    rooms=("lab",),
    positions={"lab": "l1", "@": "d1"},
    unsent=(
        Unsent(m.Send(room="lab", text="hi", id="1"), 3),
        Unsent(m.SendDirect(to="bo", text="waves", id="2", kind="action")),
    ),
)


def opened(folder: Path, nick: str = "ana", *addresses: str) -> SessionStore:
    """A store that nobody else has."""
    store = open_store(folder, addresses or ["a:1"], nick)
    assert store is not None
    return store


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    store = opened(tmp_path)
    assert store.load() is None
    store.save(Saved(key="o" * 32, at_ms=1))
    store.save(SAVED)
    store.close()
    assert opened(tmp_path).load() == SAVED


def test_the_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    (folder := tmp_path / "state").mkdir(mode=0o755)
    folder.chmod(0o755)
    store = opened(folder)
    store.save(SAVED)
    store.close()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_a_store_is_for_one_client_at_a_time(tmp_path: Path) -> None:
    store = opened(tmp_path)
    assert open_store(tmp_path, ["a:1"], "ANA") is None, "spelt otherwise it is the same nick"
    store.close()
    opened(tmp_path).close()


def test_each_server_and_nick_has_a_store_of_its_own(tmp_path: Path) -> None:
    stores = [opened(tmp_path), opened(tmp_path, "bo"), opened(tmp_path, "ana", "b:2")]
    assert len(list(tmp_path.glob("*.lock"))) == len(stores)
    assert open_store(tmp_path, ["b:2", "b:2"], "ana") is None, "the addresses are those of b"


def test_a_session_that_is_over_is_forgotten(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.save(SAVED)
    store.forget()
    store.close()
    assert opened(tmp_path).load() is None


def test_a_client_that_ends_leaves_no_lock(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.save(SAVED)
    store.close()
    assert [path.suffix for path in tmp_path.iterdir()] == [".json"]
    store = opened(tmp_path)
    store.forget()
    store.close()
    assert not list(tmp_path.iterdir())


def test_a_lock_that_was_removed_meanwhile_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, flock = opened(tmp_path), fcntl.flock

    def closed_meanwhile(lock: int, how: int) -> None:
        first.close()
        flock(lock, how)

    monkeypatch.setattr(fcntl, "flock", closed_meanwhile)
    second = opened(tmp_path)
    monkeypatch.undo()
    assert open_store(tmp_path, ["a:1"], "ana") is None
    second.close()


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b'{"key": 7}', b"\xff", b'{"key":"short","at_ms":1}', b"[" * 100_000]
)
def test_a_file_that_cannot_be_read_is_no_session(tmp_path: Path, data: bytes) -> None:
    store = opened(tmp_path)
    store.save(SAVED)
    store.close()
    next(tmp_path.glob("*.json")).write_bytes(data)
    assert opened(tmp_path).load() is None


def test_without_a_place_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert open_store(None, ["a:1"], "ana") is None
    assert open_store(tmp_path / "file" / "deeper", ["a:1"], "ana") is None


def test_a_write_that_fails_is_told_and_the_next_one_is_tried(tmp_path: Path) -> None:
    store = opened(tmp_path / "state")
    hidden = (tmp_path / "state").rename(tmp_path / "hidden")
    store.save(SAVED)
    store.close()
    assert store.failure is not None
    hidden.rename(tmp_path / "state")
    store.save(SAVED)
    store.close()
    assert store.failure is None and opened(tmp_path / "state").load() == SAVED


def test_a_write_leaves_the_old_file_or_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opened(tmp_path)
    store.save(SAVED)
    store.close()

    def broken(self: Path, target: Path) -> Path:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(Path, "replace", broken)
    store.save(Saved(key="n" * 32, at_ms=9))
    store.close()
    monkeypatch.undo()
    assert opened(tmp_path).load() == SAVED


def test_the_folder_follows_the_variable_for_state(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert session_store.default_folder() == tmp_path / "distributed-chat"
