"""What a person sets once, and the nick that is remembered."""

import os
import pwd
import sys
from pathlib import Path

import pytest

from client.cli import settings_file
from client.cli.settings_file import Settings, SettingsError, load, remember_nick

WHOLE = """\
# mine
nick = "ana"
servers = ["localhost:9999-10001", "[::1]:7"]
rooms = ["lab", "ops"]
colours = false
bell = false
time = "%d.%m. %H:%M"
presence = false
mentions = ["release", "on call"]
ignore = ["bo"]
notify = "osc777"
log = true
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file in a folder that is not there yet."""
    return tmp_path / "config" / "settings.toml"


def write(path: Path, text: str) -> None:
    """Put something into the file."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)


class TestLoading:
    """A file says what it says, or is refused in one line."""

    def test_every_setting_is_read(self, path: Path) -> None:
        write(path, WHOLE)
        assert load(path) == Settings(
            nick="ana",
            servers=("localhost:9999-10001", "[::1]:7"),
            rooms=("lab", "ops"),
            colours=False,
            bell=False,
            time="%d.%m. %H:%M",
            presence=False,
            mentions=("release", "on call"),
            ignore=("bo",),
            notify="osc777",
            log=True,
        )

    def test_without_a_file_or_a_place_for_one_there_are_defaults(self, path: Path) -> None:
        defaults = Settings(None, (), (), True, True, "%H:%M")
        assert load(path) == load(None) == load(path / "deeper") == defaults
        assert load(Path(os.devnull)) == defaults
        assert not path.parent.exists()

    @pytest.mark.parametrize("value, colours", [("1", False), ("0", False), ("", True)])
    def test_no_color_in_the_environment_turns_colours_off(
        self, path: Path, monkeypatch: pytest.MonkeyPatch, value: str, colours: bool
    ) -> None:
        monkeypatch.setenv("NO_COLOR", value)
        assert load(None).colours is colours
        write(path, "bell = true")
        assert load(path).colours is colours
        write(path, "colours = true")
        assert load(path).colours, "who asks for them in the file gets them"

    @pytest.mark.parametrize(
        "text, key, got, takes",
        [
            ("nick = 7", "nick", "7", "a nick"),
            ('nick = ""', "nick", "''", "a nick"),
            (f'nick = "{"n" * 65}"', "nick", "nnn", "64 bytes"),
            ('servers = "a:1"', "servers", "'a:1'", "a list of addresses"),
            ('servers = ["a:x"]', "servers", "a:x", "HOST:PORT"),
            ("servers = [1]", "servers", "[1]", "a list of addresses"),
            ('rooms = "lab"', "rooms", "'lab'", "a list of rooms"),
            ('rooms = [" "]', "rooms", "[' ']", "a list of rooms"),
            ('nick = "a b"', "nick", "'a b'", "may not contain ' '"),
            ('rooms = ["lab", "-a"]', "rooms", "'-a'", "may not begin with '-'"),
            ('ignore = ["@bo"]', "ignore", "['@bo']", "may not contain '@'"),
            ('time = "%Q"', "time", "'%Q'", "behind % means nothing"),
            ('time = "%H %"', "time", "'%H %'", "behind % means nothing"),
            ("colours = 1", "colours", "1", "true or false"),
            ('bell = "no"', "bell", "'no'", "true or false"),
            ("presence = 1", "presence", "1", "true or false"),
            ('mentions = "release"', "mentions", "'release'", 'as in ["release"]'),
            ('ignore = [""]', "ignore", "['']", 'as in ["bo"]'),
            ("notify = true", "notify", "True", '"osc9", "osc777" or "off"'),
            ('log = "yes"', "log", "'yes'", "true or false"),
            ('time = "24h"', "time", "'24h'", "strftime"),
            ('time = "%H\\n"', "time", "'%H\\n'", "strftime"),
            ("time = 12:00:00", "time", "12, 0", "strftime"),
            ("colors = false", "colors", "unknown", "nick, servers, rooms, colours, bell, time"),
            ("\nnick = ana", "", "not a TOML file (Invalid value (at line 2", 'nick = "ana"'),
            ("[nick]\na = 1", "nick", "{'a': 1}", "a nick"),
        ],
    )
    def test_an_invalid_setting_is_named_with_what_is_expected(
        self, path: Path, text: str, key: str, got: str, takes: str
    ) -> None:
        write(path, text)
        with pytest.raises(SettingsError) as raised:
            load(path)
        line = str(raised.value)
        assert (
            line.startswith(f"{path}: ") and "\n" not in line and len(line) < len(str(path)) + 200
        )
        assert key in line and got in line and takes in line

    def test_names_beyond_ascii_and_a_plain_percent_are_taken(self, path: Path) -> None:
        write(path, 'nick = "\u00c4sop_1"\nrooms = ["b\u00fccher.2-3"]\ntime = "%H%%"')
        found = load(path)
        assert (found.nick, found.rooms, found.time) == (
            "\u00c4sop_1",
            ("b\u00fccher.2-3",),
            "%H%%",
        )

    def test_a_file_that_is_not_utf_8_is_refused(self, path: Path) -> None:
        path.parent.mkdir()
        path.write_bytes(b'nick = "\xff"')
        with pytest.raises(SettingsError, match="not UTF-8"):
            load(path)

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
    def test_a_file_that_may_not_be_read_is_refused(self, path: Path) -> None:
        write(path, WHOLE)
        path.chmod(0)
        with pytest.raises(SettingsError, match="Permission denied"):
            load(path)

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may look into every folder")
    def test_an_unreadable_home_directory_has_no_settings(self, path: Path) -> None:
        write(path, WHOLE)
        path.parent.chmod(0)
        assert load(path) == Settings()
        path.parent.chmod(0o700)

    @pytest.mark.skipif(sys.platform != "linux", reason="elsewhere homes are found otherwise")
    def test_without_a_home_directory_there_is_no_settings_path(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def nobody(uid: int) -> None:
            raise KeyError("uid not found")

        monkeypatch.delenv("HOME")
        monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
        monkeypatch.setattr(pwd, "getpwuid", nobody)
        assert settings_file.default_path() is None


class TestRemembering:
    """The nick is asked for once."""

    def test_a_fresh_file_shows_every_setting_as_a_comment(self, path: Path) -> None:
        remember_nick(path, "ana")
        assert load(path) == Settings(nick="ana")
        lines = path.read_text().splitlines()
        shown = [line for line in lines if " = " in line or "[server" in line]
        write(path, "\n".join(line.removeprefix("# ") for line in shown))
        found = load(path)
        assert found.nick == "ana" and found.servers and found.rooms
        assert (found.colours, found.bell, found.time) == (False, False, "%H:%M:%S")
        work = found.server["work"]
        assert work.address and work.tls and work.ca and work.token and work.password_command

    def test_the_rest_of_the_file_is_kept(self, path: Path) -> None:
        text = '# mine\r\nrooms = ["lab"]\r\n\r\n# end'
        path.parent.mkdir()
        path.write_bytes(text.encode())
        remember_nick(path, "\u00e4nna")
        assert path.read_bytes().decode() == 'nick = "\u00e4nna"\n' + text
        assert load(path) == Settings(nick="\u00e4nna", rooms=("lab",))

    def test_a_nick_that_stands_there_stays(self, path: Path) -> None:
        write(path, WHOLE)
        remember_nick(path, "bo")
        assert path.read_text() == WHOLE

    @pytest.mark.parametrize("nick", ["a.b-c_1", "\u00e4nna", "a\u00d7b"])
    def test_a_nick_is_read_back_as_it_was(self, path: Path, nick: str) -> None:
        remember_nick(path, nick)
        assert load(path).nick == nick

    @pytest.mark.parametrize("nick", ["a\nb", "a\x7fb", "", "n" * 65, 'a"b', "a\\b"])
    def test_a_nick_that_could_not_be_read_back_is_not_written(self, path: Path, nick: str) -> None:
        with pytest.raises(SettingsError):
            remember_nick(path, nick)
        assert not path.exists()

    def test_a_link_stays_a_link_and_the_file_keeps_its_mode(
        self, path: Path, tmp_path: Path
    ) -> None:
        real = tmp_path / "dotfiles.toml"
        real.write_text("bell = false\n")
        real.chmod(0o640)
        path.parent.mkdir()
        path.symlink_to(real)
        remember_nick(path, "ana")
        assert path.is_symlink() and load(path) == Settings(nick="ana", bell=False)
        assert real.stat().st_mode & 0o777 == 0o640

    def test_a_path_that_is_no_file_is_not_written(self) -> None:
        remember_nick(None, "ana")
        remember_nick(Path(os.devnull), "ana")
        assert Path(os.devnull).is_char_device()

    def test_a_file_that_cannot_be_written_is_an_error_of_one_line(self, tmp_path: Path) -> None:
        blocked = tmp_path / "blocked"
        blocked.touch()
        with pytest.raises(SettingsError, match="exists") as raised:
            remember_nick(blocked / "settings.toml", "ana")
        assert "\n" not in str(raised.value)

    def test_nothing_is_left_of_a_write_that_failed(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(fd: int) -> None:
            raise OSError(28, "No space left on device")

        write(path, "bell = false\n")
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(SettingsError, match="No space left"):
            remember_nick(path, "ana")
        assert path.read_text() == "bell = false\n"
        assert list(path.parent.iterdir()) == [path]
