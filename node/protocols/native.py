"""The native protocol: the JSON lines of docs/protocol.md."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol, cast

import msgspec

from wire import codec
from wire.messages import Past


class Record(Protocol):
    """The fields of a log entry that are encoded; ``body`` is JSON without its opening brace."""

    @property
    def kind(self) -> bytes: ...
    @property
    def offset(self) -> int: ...
    @property
    def id(self) -> bytes: ...
    @property
    def at(self) -> bytes: ...
    @property
    def body(self) -> bytes: ...


_TYPES = {b"m": "message", b"e": "entered", b"l": "left", b"r": "renamed"}


@lru_cache(maxsize=4096)
def _openings(room: str) -> dict[bytes, bytes]:
    """Return the bytes before the position, for each kind of entry in a room."""
    quoted = codec.quote(room).decode()
    openings = {
        kind: f'{{"type":"{type}","room":{quoted},"position":"'.encode()
        for kind, type in _TYPES.items()
    }
    return openings | {
        b"d": b'{"type":"direct","position":"',
        b"": f'{{"room":{quoted},"position":"'.encode(),
    }


class NativeEncoder:
    """Encodes and decodes for clients that speak the native protocol."""

    # Not methods: this saves a call for each request and each event.
    request = staticmethod(codec.decode_request)
    event = staticmethod(codec.encode)

    def entries(self, room: str, epoch: bytes, entries: Sequence[Record]) -> bytes:
        """Return a line for each entry: what the log adds, then the body, which is not decoded."""
        openings = _openings(room)
        return b"".join(
            [
                b'%b%b-%d-%b","at":%b,%b\n'
                % (openings[entry.kind], epoch, entry.offset, entry.id, entry.at, entry.body)
                for entry in entries
                # Kinds of a later version, or that no node has written, are skipped.
                if entry.kind in openings
            ]
        )

    def past(self, room: str, epoch: bytes, entries: Sequence[Record]) -> list[Past]:
        """Return entries for a list of messages, without decoding them.

        They are msgspec.Raw, which is encoded as it is, but typed as what a client decodes.
        """
        opening = _openings(room)[b""]
        return [
            cast(
                Past,
                msgspec.Raw(
                    b'%b%b-%d-%b","at":%b,%b'
                    % (opening, epoch, entry.offset, entry.id, entry.at, entry.body)
                ),
            )
            for entry in entries
        ]
