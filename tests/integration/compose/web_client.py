"""Against a Compose system: loads the page through the front, then talks over WebSocket.

    .venv/bin/python tests/integration/compose/web_client.py HOST:PORT NICK ROOM SAID HEARD

It says SAID in ROOM, and ends when it hears HEARD there. See chat_across_nodes.sh.
"""

import http.client
import json
import re
import sys
from collections.abc import Iterator
from typing import Any

from websockets.sync.client import ClientConnection, connect

WITHIN = 15.0


def load_page(front: str) -> int:
    """Load every file of the page, as a browser does; return how many there are."""
    connection = http.client.HTTPConnection(front, timeout=WITHIN)

    def get(path: str) -> str:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read()
        assert response.status == http.client.OK, f"{path}: {response.status}"
        return body.decode()

    assert '<script type="module"' in get("/")
    found = re.search(r"FILES = (\[.*?\])", get("/sw.js"))
    assert found is not None
    files: list[str] = json.loads(found[1])
    for path in files:
        get(path)
    return len(files)


def events(chat: ClientConnection) -> Iterator[dict[str, Any]]:
    """Return each event as it comes."""
    while True:
        yield from map(json.loads, str(chat.recv(timeout=WITHIN)).splitlines())


def until(coming: Iterator[dict[str, Any]], type: str, **fields: str) -> None:
    """Wait for an event of a type with these fields."""
    next(event for event in coming if event["type"] == type and fields.items() <= event.items())


def main(front: str, nick: str, room: str, said: str, heard: str) -> None:
    """Load the page, say one text, and wait for another."""
    print(f"loaded: {load_page(front)} files of the page")
    with connect(f"ws://{front}/ws", compression=None, proxy=None) as chat:
        coming = events(chat)
        chat.send(json.dumps({"type": "hello", "nick": nick, "rooms": [room]}))
        until(coming, "joined", room=room)
        chat.send(json.dumps({"type": "send", "room": room, "text": said, "id": "1"}))
        until(coming, "ack", id="1")
        until(coming, "message", text=heard)
        print(f"heard over WebSocket: {heard}")
        chat.send(json.dumps({"type": "quit"}))


if __name__ == "__main__":
    main(*sys.argv[1:])
