"""A server of lines: a client that says ``again`` is refused, once or always. It relays nothing."""

import argparse
import asyncio


async def serve(port: int, always: bool) -> None:
    """Serve until the process is ended."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        refused = False
        while line := await reader.readline():
            if line.startswith(b"again") and (always or not refused):
                refused = True
                writer.write(b"later\n")
            elif line.startswith((b"again", b"open")):
                writer.write(b"joined\n")
            else:
                writer.write(line)

    async with await asyncio.start_server(talk, "127.0.0.1", port, backlog=1000) as server:
        await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--always", action="store_true")
    options = parser.parse_args()
    asyncio.run(serve(options.port, options.always))
