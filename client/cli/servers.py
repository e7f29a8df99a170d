"""The sections ``[server.NAME]`` of the settings file, and what ``chat NAME`` connects with."""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from msgspec import Struct

from client.text.sanitize import safe_word
from client.transport.addresses import parse_addresses


class Server(Struct, frozen=True):
    """One server: its addresses, and the secrets that it asks for.

    ``ca`` is a file, relative to the folder of the settings; it implies ``tls``.
    ``password_command`` is run by the shell, and prints the password of the account.
    """

    address: tuple[str, ...]
    tls: bool = False
    ca: str | None = None
    token: str | None = None
    password_command: str | None = None


def read_servers(table: object, path: Path) -> dict[str, Server]:
    """Return the servers of the table ``server``. Raises ValueError with a message for people."""
    if not isinstance(table, dict):
        raise ValueError
    return {name: _server(name, section, path) for name, section in table.items()}


def no_server(host: str, servers: Collection[str]) -> str:
    """Return what to add if a name is no host, and was perhaps meant as one of the servers."""
    names = ", ".join(map(safe_word, servers))
    have = f"they have {names}" if names else "they name no server"
    return f"Your settings have no [server.{safe_word(host)}] either; {have}."


def password_of(command: str) -> str:
    """Run a command, and return its first line. Raises ValueError with a message for people.

    The command has the terminal, because it may ask for something itself.
    """
    import subprocess  # slow to import, and rarely needed

    try:
        done = subprocess.run(command, shell=True, stdout=subprocess.PIPE, check=False)
    except OSError as error:
        raise ValueError(f"password_command: {error.strerror or error}") from None
    if done.returncode:
        raise ValueError(f"password_command: it ended with status {done.returncode}")
    try:
        password = done.stdout.split(b"\n", 1)[0].removesuffix(b"\r").decode()
    except UnicodeDecodeError:
        raise ValueError("password_command: what it printed is not UTF-8") from None
    if not password:
        raise ValueError("password_command: it printed no password")
    return password


def _server(name: str, section: object, path: Path) -> Server:
    if not isinstance(section, dict):
        raise ValueError(f"server.{name} is no section")
    found: dict[str, Any] = {}
    for key, value in section.items():
        if key not in _KEYS:
            raise ValueError(f"server.{name}: unknown key {key!r}; the keys are {', '.join(_KEYS)}")
        read, expected = _KEYS[key]
        try:
            found[key] = read(value)
        except ValueError as error:
            # A value is not repeated: it may be a secret.
            detail = f" ({error})" if str(error) else ""
            raise ValueError(f"server.{name}.{key}: expected {expected}{detail}") from None
    if "address" not in found:
        raise ValueError(f"server.{name}: it has no address")
    if found.get("ca") is not None:
        found["ca"] = str(path.parent / Path(found["ca"]).expanduser())
    return Server(**found)


def _text(value: object) -> str:
    if not (isinstance(value, str) and value and value.isprintable()):
        raise ValueError
    return value


def _addresses(value: object) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    addresses = tuple(map(_text, values))
    if not addresses:
        raise ValueError
    parse_addresses(addresses)
    return addresses


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


_KEYS: dict[str, tuple[Callable[[object], Any], str]] = {
    "address": (_addresses, 'an address or a list of them, as in "localhost:9999"'),
    "tls": (_switch, "true or false"),
    "ca": (_text, "the name of a file"),
    "token": (_text, "a token"),
    "password_command": (_text, 'a command, as in "pass show chat"'),
}
