"""`python -m tests.integration.bench.websocket_relay`: a relay over WebSocket that makes mistakes.

A client says its room first; what it says then goes to all members of that room.
"""

import argparse
import asyncio
from collections import Counter, defaultdict

from websockets.asyncio.server import ServerConnection, serve
from websockets.frames import Frame, Opcode


class Relay:
    """The rooms, and what is done to deliveries.

    ``lose`` and ``double``: that one, counted from 1, does not arrive, or arrives twice. ``pad``:
    bytes before each line. ``opcode`` is that of the frames.
    """

    def __init__(self, lose: int, double: int, pad: int, opcode: Opcode) -> None:
        self._copies = Counter({lose: -1, double: 1})
        self._pad = b"\n" * pad
        self._opcode = opcode
        self._rooms: dict[str, list[ServerConnection]] = defaultdict(list)
        self._delivered = 0

    async def serve(self, connection: ServerConnection) -> None:
        """Serve one client."""
        room = str(await connection.recv()).strip()
        self._rooms[room].append(connection)
        self._write(connection, b"joined\n")
        async for message in connection:
            line = message if isinstance(message, bytes) else message.encode()
            for member in self._rooms[room]:
                self._delivered += 1
                self._write(member, line * (1 + self._copies[self._delivered]))

    def _write(self, connection: ServerConnection, lines: bytes) -> None:
        """Write in three pieces, cut within the head of the frame and within a message."""
        # Their own `send` offers neither these pieces nor these mistakes.
        data = Frame(self._opcode, self._pad + lines).serialize(mask=False)
        middle = max(1, len(data) - 60)
        for piece in (data[:1], data[1:middle], data[middle:]):
            connection.transport.write(piece)


async def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--lose", type=int, default=0)
    parser.add_argument("--double", type=int, default=0)
    parser.add_argument("--pad", type=int, default=0)
    parser.add_argument("--opcode", type=int, default=Opcode.TEXT)
    options = parser.parse_args()
    relay = Relay(options.lose, options.double, options.pad, Opcode(options.opcode))
    async with serve(relay.serve, "127.0.0.1", options.port, compression=None):
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    asyncio.run(main())
