"""Redis's side: the real Lua scripts over fakeredis, on virtual time, fast enough for many worlds.

fakeredis compiles a script and collects Lua's garbage at each call. Here a script is compiled once
for all worlds, and one Lua runtime serves them all: the scripts have no globals (the broker's own
tests look at that), so nothing is carried over.
"""

import copy
from collections.abc import Callable, Sequence
from typing import Any

import redis
from fakeredis import FakeServer
from fakeredis._core import Database
from fakeredis._helpers import SimpleError
from fakeredis._socket import FakeSocket
from fakeredis.commands_mixins import scripting_mixin

LuaError = scripting_mixin.LUA_MODULE.LuaError


class _Data(Database):
    """A database whose keys nobody watches."""

    def notify_watch(self, key: bytes) -> None:
        """Nobody waits for a change."""


class Shell(FakeSocket):
    """Runs commands, one after the other. ``on_add`` and ``on_trim`` tell of changes to streams."""

    engine: Any = FakeServer((7,), "redis")
    compiled: dict[bytes, Any] = {}

    def __init__(
        self,
        clock: Callable[[], float],
        publish: Callable[[bytes, bytes], None],
        on_call: Callable[[str, Sequence[Any]], None],
    ) -> None:
        server = FakeServer((7,), "redis")
        server.dbs[0] = _Data(server.lock)
        super().__init__(server, 0, client_class=redis.Redis)
        self._clock = clock
        self._tell = publish
        self._on_call = on_call
        self.faults: list[str] = []

    # Commands

    def run(self, *command: Any) -> Any:
        """Run a command; return its reply, or the exception that redis-py would make of it."""
        fields = [_encoded(part) for part in command]
        name = fields.pop(0).decode().lower()
        if name == "script":
            name += " " + fields.pop(0).decode().lower()
        function, signature = self._name_to_func(name)
        self._db.time = self._clock()
        return self._decode_result(self._run_command(function, signature, fields, False))

    def time(self) -> list[bytes]:
        """Return the virtual time."""
        micros = round(self._clock() * 1_000_000)
        return [b"%d" % (micros // 1_000_000), b"%d" % (micros % 1_000_000)]

    def publish(self, channel: bytes, message: bytes) -> int:
        """Publish to the subscriptions of the simulated network."""
        self._tell(channel, message)
        return 0

    def evalsha(self, sha1: bytes, numkeys: int, *args: bytes) -> Any:
        """Run a script."""
        source = self._server.script_cache.get(sha1)
        if source is None:
            raise SimpleError("NOSCRIPT No matching script. Please use EVAL.")
        engine = self.engine
        lua = self._get_server_runtime(engine)
        if (script := self.compiled.get(sha1)) is None:
            script = self.compiled[sha1] = lua.compile(source)
        engine._lua_current_socket[0] = self
        engine._lua_set_keys_argv(lua.table_from(args[:numkeys]), lua.table_from(args[numkeys:]))
        self._script_resp = 2
        try:
            return self._convert_lua_result(script(), nested=False)
        except (SimpleError, LuaError) as error:
            self.faults.append(f"{error or error.value} in the script {sha1.decode()}")
            raise SimpleError(f"ERR {error}") from None
        finally:
            self._script_resp = None

    def _lua_redis_call(self, lua: Any, _globals: set[Any], op: bytes, *args: Any) -> Any:
        name = op.decode().lower()
        function, signature = self._name_to_func(name)
        fields = [scripting_mixin._convert_redis_arg(arg) for arg in args]
        result = self._convert_redis_result(
            lua, self._run_command(function, signature, fields, True)
        )
        self._on_call(name, fields)
        return result

    # What a Redis that ends remembers

    def snapshot(self) -> Any:
        """Return a copy of all data."""
        return copy.deepcopy(self._db._dict)

    def restart(self, data: Any) -> None:
        """Begin with the data of a snapshot, and without scripts."""
        self._server.script_cache.clear()
        if data is not None:
            self._db._dict.clear()
            self._db._dict.update(copy.deepcopy(data))


def _encoded(part: Any) -> bytes:
    if isinstance(part, bytes):
        return part
    return part.encode() if isinstance(part, str) else repr(part).encode()
