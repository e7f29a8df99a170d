"""The settings file: a TOML file, in which the nick is saved."""

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace
from platformdirs import user_config_path

from client.cli.servers import Server, read_servers
from client.transport.addresses import parse_addresses
from wire import limits

_FRESH = """\
# Settings of the chat client. Remove the # from a line to change a setting.
# The command line overrides this file.

# nick = "ana"
# servers = ["localhost:9999-10001", "chat.example.org:9999"]   # tried in turn
# rooms = ["general", "ops"]   # created where missing; the first is shown first
# colours = false
# bell = false                 # ring when somebody mentions you
# time = "%H:%M:%S"            # a format for strftime
# presence = false             # do not show who enters and leaves
# mentions = ["release"]       # words that count as mentions, besides your nick
# ignore = ["bo"]              # people of whom nothing is shown
# notify = "osc9"              # notifications of mentions: "osc9", "osc777" or "off"
# log = true                   # keep all messages in files

# [server.work]                # chat work connects to it
# address = "chat.example.org:9999"
# tls = true
# ca = "authority.pem"         # beside this file
# token = "of the nodes"
# password_command = "pass show chat"   # its first line is the password of your account
"""


NOTIFY = ("off", "osc9", "osc777")
"""How the terminal is asked to notify its desktop of mentions."""


class SettingsError(ValueError):
    """The file cannot be used; the text is one line that starts with its name."""


class Settings(Struct, frozen=True):
    """The settings of the file, or the defaults; ``time`` is a format for strftime."""

    nick: str | None = None
    servers: tuple[str, ...] = ()
    rooms: tuple[str, ...] = ()
    colours: bool = True
    bell: bool = True
    time: str = "%H:%M"
    presence: bool = True
    mentions: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    notify: str = "off"
    log: bool = False
    server: dict[str, Server] = field(default_factory=dict)


def default_path() -> Path | None:
    """Return the default path of the file; None for a user without a home directory."""
    try:
        path = user_config_path("distributed-chat") / "settings.toml"
    except RuntimeError:  # the user has no name, as in many containers
        return None
    return path if path.is_absolute() else None


def load(path: Path | None) -> Settings:
    """Return the settings of a file; the defaults without one. Raises SettingsError.

    NO_COLOR in the environment turns colours off, unless the file asks for them
    (https://no-color.org).
    """
    text = _read(path) if path else None
    return _parse(text, path) if text and path else _defaults()


def _defaults() -> Settings:
    return Settings(colours=not os.environ.get("NO_COLOR"))


def load_existing(path: Path) -> Settings:
    """Return the settings of a file that has to be there. Raises SettingsError."""
    if not path.exists():
        raise SettingsError(f"{_name(path)}: there is no such file")
    return load(path)


def remember_nick(path: Path | None, nick: str) -> None:
    """Save the nick in the file, and keep the rest of the file. Raises SettingsError.

    A nick that is in the file already stays. Nothing is saved in a path that is no regular file,
    such as /dev/null.
    """
    if path is None:
        return
    try:
        if path.exists() and not path.is_file():
            return
        text = _read(path)
        if text and _parse(text, path).nick is not None:
            return
        escaped = nick.replace("\\", "\\\\").replace('"', '\\"')
        line = f'nick = "{escaped}"\n'
        new = _FRESH.replace('# nick = "ana"\n', line) if text is None else line + text
        _parse(new, path)  # rather lose the nick than write a file that the next start refuses
        _write(path, new)
    except OSError as error:
        raise _unusable(path, error) from None


def _read(path: Path) -> str | None:
    """Return the text of the file with its line ends; None if there is no file."""
    try:
        return path.read_bytes().decode()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except UnicodeDecodeError:
        raise SettingsError(f"{_name(path)}: not a TOML file: it is not UTF-8") from None
    except OSError as error:
        # Started as another user (sudo, a service) who may not read this home directory.
        if isinstance(error, PermissionError) and not os.access(path.parent, os.X_OK):
            return None
        raise _unusable(path, error) from None


def _write(path: Path, text: str) -> None:
    """Write the file atomically, following a symbolic link. Raises OSError."""
    target = Path(os.path.realpath(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with part.open("xb") as file:
            with suppress(FileNotFoundError):
                os.fchmod(file.fileno(), target.stat().st_mode & 0o777)
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def _parse(text: str, path: Path) -> Settings:
    import tomllib  # most users have no file

    try:
        table = tomllib.loads(text)
    except ValueError as error:
        expected = 'expected lines like nick = "ana"'
        raise SettingsError(f"{_name(path)}: not a TOML file ({error}); {expected}") from None
    found: dict[str, Any] = {}
    for key, value in table.items():
        if key not in (*_KEYS, "server"):
            known = ", ".join((*_KEYS, "server"))
            raise SettingsError(f"{_name(path)}: unknown key {_shown(key)}; the keys are {known}")
        if key == "server":
            try:
                found[key] = read_servers(value, path)
            except ValueError as error:
                raise SettingsError(f"{_name(path)}: {str(error) or _NO_SECTIONS}") from None
            continue
        read, expected = _KEYS[key]
        try:
            found[key] = read(value)
        except ValueError as error:
            detail = f" ({error})" if str(error) else ""
            got = f"{_name(path)}: {key}: invalid value {_shown(value)}"
            raise SettingsError(f"{got}; expected {expected}{detail}") from None
    return replace(_defaults(), **found)


def _unusable(path: Path, error: OSError) -> SettingsError:
    return SettingsError(f"{_name(path)}: {error.strerror or error}")


def _name(path: Path) -> str:
    return str(path) if str(path).isprintable() else repr(str(path))


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}\u2026"


# One reader for each type of value: it returns the value for Settings, or raises ValueError.


def _word(value: object) -> str:
    if not (isinstance(value, str) and value.strip() and value.isprintable()):
        raise ValueError
    return value


def _name_of(value: object) -> str:
    """Read a nick or a room; nodes know the whole rules, for characters beyond ASCII."""
    name = _word(value)
    for each in name:
        if each.isascii() and not (each.isalnum() or each in "_-."):
            raise ValueError(f"it may not contain {each!r}")
    if name[0] in "-.":
        raise ValueError(f"it may not begin with {name[0]!r}")
    return name


def _nick(value: object) -> str:
    if len((nick := _name_of(value)).encode()) > limits.NICK:
        raise ValueError
    return nick


def _names(value: object) -> tuple[str, ...]:
    return tuple(map(_name_of, _words(value)))


def _words(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError
    return tuple(_word(each) for each in value)


def _servers(value: object) -> tuple[str, ...]:
    servers = _words(value)
    parse_addresses(servers)
    return servers


def _notify(value: object) -> str:
    if value not in NOTIFY:
        raise ValueError
    return str(value)


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _time(value: object) -> str:
    form = _word(value)
    if "%" not in form or not datetime(2000, 1, 1).strftime(form).isprintable():
        raise ValueError
    if "%" in datetime(2000, 1, 1).strftime(form.replace("%%", "")):
        raise ValueError("a letter behind % means nothing")
    return form


_NO_SECTIONS = "server: expected sections like [server.work]"
_KEYS: dict[str, tuple[Callable[[object], Any], str]] = {
    "nick": (_nick, f"a nick of at most {limits.NICK} bytes"),
    "servers": (_servers, 'a list of addresses, as in ["localhost:9999"]'),
    "rooms": (_names, 'a list of rooms, as in ["general"]'),
    "colours": (_switch, "true or false"),
    "bell": (_switch, "true or false"),
    "time": (_time, 'a format for strftime, as in "%H:%M"'),
    "presence": (_switch, "true or false"),
    "mentions": (_words, 'a list of words, as in ["release"]'),
    "ignore": (_names, 'a list of nicks, as in ["bo"]'),
    "notify": (_notify, '"osc9", "osc777" or "off"'),
    "log": (_switch, "true or false"),
}
