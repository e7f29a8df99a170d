"""The options of the client: its flags, completed by the environment and the settings file."""

import os
import ssl
import sys
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from client.api.chat import Chat, connect
from client.cli.command_line import PROGRAM, default_settings, parse_flags, refuse
from client.cli.plain import fitted
from client.cli.servers import Server, no_server, password_of
from client.cli.settings_file import Settings, load, load_existing
from client.protocol.events import Disconnected
from client.text.nicks import nick_from
from client.transport.addresses import parse_addresses
from client.transport.reconnect import Rename
from wire import environment
from wire.errors import Code
from wire.messages import DEFAULT_ROOM
from wire.text import secret

VARIABLES = ("CHAT_TOKEN", "CHAT_PASSWORD", "CHAT_SETTINGS")


class Options(Struct, frozen=True):
    """The command line, completed by the settings.

    ``nick`` is None if neither names one; ``insists`` means that the command line does, so that no
    other nick may replace it. ``settings_path`` is the settings file, None if there is no place for
    one. ``timeout`` is in seconds, None if it was not given; ``last`` counts messages.
    ``is_shown``: standard output is a terminal. ``words`` are those addresses of the command line
    that may have been meant as names of servers: without a port, and without a dot.
    """

    addresses: tuple[str, ...]
    nick: str | None
    rooms: tuple[str, ...]
    token: str | None
    tls: ssl.SSLContext | None
    listen: bool
    json: bool
    insists: bool = False
    settings: Settings = Settings()
    settings_path: Path | None = None
    password: str | None = None
    timeout: float | None = None
    last: int = 0
    is_shown: bool = False
    words: tuple[str, ...] = ()

    def hint(self, event: Disconnected) -> str:
        """Return what else may be wrong if there is no connection; mostly nothing."""
        return no_server(event.host, self.settings.server) if event.host in self.words else ""

    def place(self, code: str) -> str:
        """Return where a name stands that was refused with a code, if not in the command line."""
        path, settings = self.settings_path, self.settings
        if code == Code.BAD_NICK and not self.insists and settings.nick is not None:
            return f"The nick stands in {path}."
        if code == Code.BAD_ROOM and self.rooms and self.rooms is settings.rooms:
            return f"The room stands in {path}."
        return ""

    @property
    def room(self) -> str:
        """The first room."""
        return self.rooms[0] if self.rooms else DEFAULT_ROOM

    def connect(
        self,
        nick: str,
        *,
        rename: Rename | None = None,
        patience: float | None = None,
        rooms: tuple[str, ...] | None = None,
        positions: dict[str, str] | None = None,
        key: str | None = None,
    ) -> Chat:
        """Return the chat for these options; closing it ends its session. Raises RequestRefused."""
        return connect(
            self.addresses,
            nick=nick,
            rooms=(self.rooms if rooms is None else rooms) or None,
            positions=positions,
            key=key,
            stays=False,
            token=self.token,
            password=self.password,
            tls=self.tls or False,
            patience=patience,
            rename=rename,
        )


def parse_options(arguments: Sequence[str] | None = None) -> Options:
    """Return the options; exits with status 2 and one line if they are invalid."""
    environ = environment.settings(os.environ)
    for warning in environment.warnings(os.environ, VARIABLES):
        print(fitted(f"{PROGRAM}: {warning}", 2), file=sys.stderr)
    found = parse_flags(environ, arguments)
    try:
        password = secret(environ.get("CHAT_PASSWORD", "")) or None
        token = secret(found.token or "")
        for text in filter(None, (found.nick, token, password, *found.room)):
            _check_text(text)
        if found.settings is None:
            path = default_settings(environ)
            settings = load(path)
        else:
            path = Path(found.settings)
            settings = load_existing(path)
        server = _server(tuple(found.addresses), settings)
        tls = _context(found.tls or server.tls, found.ca or server.ca, found.ca is not None)
        if password is None and server.password_command is not None:
            password = password_of(server.password_command)
    except ValueError as error:  # SettingsError is one of them
        refuse(str(error))
    return Options(
        addresses=server.address,
        nick=settings.nick if found.nick is None else found.nick,
        rooms=tuple(found.room) or settings.rooms,
        token=token or server.token,
        password=password,
        tls=tls,
        listen=found.listen,
        json=found.json,
        insists=found.nick is not None,
        settings=settings,
        settings_path=path,
        timeout=found.timeout,
        last=found.last,
        is_shown=sys.stdout is not None and sys.stdout.isatty(),
        words=tuple(each for each in found.addresses if not {":", "."} & set(each)),
    )


def _server(named: tuple[str, ...], settings: Settings) -> Server:
    """Return the server that the command line names, in the settings or by its addresses."""
    known = [each for each in named if each in settings.server]
    if known and len(named) > 1:
        raise ValueError(f"{known[0]!r} is a server of your settings: name nothing beside it")
    if known:
        return settings.server[known[0]]
    parse_addresses(named)
    return Server(named or settings.servers)


def login_nick() -> str:
    """Return a nick made of the login name."""
    import getpass  # mostly the nick is known

    try:
        return nick_from(getpass.getuser())
    except (OSError, KeyError, ImportError):  # the user has no name, as in many containers
        return nick_from("")


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{text!r} is not UTF-8") from None


def _context(wanted: bool, authorities: str | None, is_flag: bool) -> ssl.SSLContext | None:
    if not wanted and authorities is None:
        return None
    try:
        return ssl.create_default_context(cafile=authorities)
    except OSError as error:  # ssl.SSLError is one of them
        source = "argument --ca" if is_flag else "ca in your settings"
        raise ValueError(f"{source}: {authorities!r}: {error.strerror or error}") from None


def is_terminal() -> bool:
    """Return whether standard input and output are terminals."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))
