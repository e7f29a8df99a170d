"""Redis's side: the real Lua scripts over a store of our own, on virtual time.

A key that a script may not touch, because a Redis Cluster may have it elsewhere, is a fault.

A script is compiled once for all worlds, and one Lua runtime serves them all: the scripts have no
globals (the broker's own tests look at that), so nothing is carried over.
"""

import json
from collections.abc import Callable, Sequence
from hashlib import sha1
from random import Random
from typing import Any

from lupa import lua51
from redis.exceptions import NoScriptError, ResponseError

from tests.labs.simulation.store import Store
from tests.support import slots

_PREPARE = b"""
local call, encode, decode = ...
redis, cjson = {call = call, pcall = call}, {encode = encode, decode = decode}
"""


class Lua:
    """The Lua runtime, and the store that its scripts work on just now."""

    def __init__(self) -> None:
        self.store: Any = None
        self.touched: set[bytes] = set()
        self.compiled: dict[str, Any] = {}
        self.runtime: Any = lua51.LuaRuntime(encoding=None, unpack_returned_tuples=True)
        self._table = self.runtime.table_from
        self.runtime.execute(_PREPARE, self._call, self._encode, self._decode)

    def run(self, source: str, digest: str, args: Sequence[bytes], keys: int) -> Any:
        """Run a script, and return its reply."""
        if (script := self.compiled.get(digest)) is None:
            script = self.compiled[digest] = self.runtime.compile(source.encode())
        self.touched.clear()
        names = self.runtime.globals()
        names[b"KEYS"], names[b"ARGV"] = self._table(args[:keys]), self._table(args[keys:])
        return self._out(script())

    def _call(self, name: bytes, *args: Any) -> Any:
        fields = [arg if type(arg) is bytes else b"%.17g" % arg for arg in args]
        command = name.decode()
        self.touched.update(slots.keys_of(command, fields))
        return self._in(self.store.call(command.lower(), fields))

    def _in(self, value: Any) -> Any:
        """Return a reply as the script gets it."""
        if type(value) is list:
            return self._table([self._in(part) for part in value])
        return False if value is None else value

    def _out(self, value: Any) -> Any:
        """Return what a script returns as the caller gets it: an array ends at its first nil."""
        if type(value) is bytes or type(value) is int:
            return value
        if lua51.lua_type(value) != "table":
            return int(value) if value else None
        found, place = [], 1
        while (part := value[place]) is not None:
            found.append(self._out(part))
            place += 1
        return found

    def _encode(self, value: Any) -> bytes:
        return _JSON.encode(_plain(self._out(value))).encode()

    def _decode(self, text: bytes) -> Any:
        return self._table_of(json.loads(text))

    def _table_of(self, value: Any) -> Any:
        if isinstance(value, list | dict):
            return self._table([self._table_of(part) for part in value])
        return value.encode() if isinstance(value, str) else value


_JSON = json.JSONEncoder(default=bytes.decode, separators=(",", ":"))


def _plain(value: Any) -> Any:
    """Return a value as cjson writes it: to Lua an empty array is the same as an empty object."""
    return ([_plain(part) for part in value] or {}) if isinstance(value, list) else value


_LUA = Lua()


class Shell:
    """Runs commands, one after the other. ``told`` hears of what happens to streams and keys."""

    def __init__(
        self,
        clock: Callable[[], float],
        random: Random,
        publish: Callable[[bytes, bytes], None],
        told: Callable[[str, Sequence[bytes]], None],
    ) -> None:
        self.store = Store(clock, random, publish, told)
        self.faults: list[str] = []
        self._scripts: dict[str, str] = {}

    def run(self, *command: Any) -> Any:
        """Run a command; return its reply, or the exception that redis-py would make of it."""
        if command[0] == "SCRIPT":
            source = command[2]
            self._scripts[sha1(source.encode()).hexdigest()] = source
            return b"OK"
        _, digest, keys, *args = command
        if (source := self._scripts.get(digest)) is None:
            return NoScriptError("No matching script. Please use EVAL.")
        _LUA.store = self.store
        given = [encoded(arg) for arg in args]
        try:
            reply = _LUA.run(source, digest, given, keys)
        except (ResponseError, lua51.LuaError) as error:
            self.faults.append(f"{error} in the script {digest}")
            return ResponseError(str(error))
        if (script := slots.script_of(source)) is not None:
            self.faults += slots.faults(slots.Run(script, given[:keys], _LUA.touched))
        return reply

    # What a Redis that ends remembers

    def snapshot(self) -> Any:
        """Return a copy of all data."""
        return self.store.copy()

    def restart(self, data: Any) -> None:
        """Begin with the data of a snapshot, and without scripts."""
        self._scripts.clear()
        if data is not None:
            self.store.load(data)


def encoded(part: Any) -> bytes:
    """Return an argument as redis-py sends it."""
    if isinstance(part, bytes):
        return part
    return part.encode() if isinstance(part, str) else b"%d" % part
