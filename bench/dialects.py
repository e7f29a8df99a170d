"""What clients of each kind of server say, as templates for the load.

%n is the client's number and %r its room's (six digits), %m a text of SIZE bytes that holds the
marker, %i an id (fourteen digits), %p the position that the opening found. The load puts what is
said into frames of WebSocket where a dialect has a ``path``; where it has none the template is the
frame, and may only be of such a length that it has the short header.
"""

from dataclasses import dataclass, replace

SIZE = 64
"""Bytes in a text: a line of talk."""
_LENGTHS = {"%n": 6, "%r": 6, "%m": SIZE, "%i": 14}

Step = tuple[str, str]
"""What a client says, and what it waits for then."""


@dataclass(frozen=True)
class Dialect:
    """How a client opens, talks and shows that it is there."""

    opening: tuple[Step, ...]
    message: str
    echo: bool = True
    """Whether the author gets its own message too."""
    again: tuple[Step, ...] = ()
    """How a client goes on after its node has died."""
    refusal: str = ""
    """What tells a client that goes on to ask again, if the node could not serve it in time."""
    alive: str = ""
    """What shows that a silent client is there, where the server wants to know."""
    path: str = ""
    """Where a connection becomes one of WebSocket first, if it does. All that is said after that,
    by either side, is text in frames, each of them unfragmented."""

    @property
    def handshake(self) -> tuple[Step, ...]:
        """How a connection becomes one of WebSocket."""
        if not self.path:
            return ()
        return (_upgrade(self.path), "HTTP/1.1 101 "), ("", "\r\n\r\n")


def _length(text: str) -> int:
    for name, length in _LENGTHS.items():
        text = text.replace(name, "." * length)
    return len(text)


def _frame(text: str) -> str:
    """Return a text frame of WebSocket, masked with zeros (RFC 6455, section 5.2)."""
    assert _length(text) <= 125
    return f"\x81{chr(0x80 | _length(text))}\0\0\0\0{text}"


def _command(*words: str) -> str:
    """Return a command as Redis reads it."""
    return f"*{len(words)}\r\n" + "".join(f"${_length(word)}\r\n{word}\r\n" for word in words)


def _upgrade(path: str) -> str:
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )


_KEY = '"key":"0123456789-%n","attempt":'
NATIVE = Dialect(
    opening=(
        (
            '{"type":"hello","nick":"n%n",' + _KEY + '1,"rooms":["r%r"]}\n',
            '"type":"joined","room":"r',
        ),
        ("", '"position":"*"'),
    ),
    message='{"type":"send","room":"r%r","text":"%m","id":"%i"}\n',
    again=(
        (
            '{"type":"hello",' + _KEY + '2,"positions":{"r%r":"%p"}}\n',
            '"type":"joined","room":"r',
        ),
    ),
    refusal='"code":"unavailable"',
    alive='{"type":"pong"}\n',
)
NATIVE_WEBSOCKET = replace(NATIVE, path="/ws")
RELAY = Dialect((("%r\n", "joined\n"),), "%m\n")
REDIS = Dialect(
    opening=(
        (_command("HELLO", "3"), "modules"),
        (_command("SUBSCRIBE", "r%r"), "subscribe"),
    ),
    message=_command("PUBLISH", "r%r", "%m"),
)
IRC = Dialect(
    opening=(
        ("NICK n%n\r\nUSER u%n 0 * :u\r\n", " 001 "),
        ("JOIN #r%r\r\n", " 366 "),
    ),
    message="PRIVMSG #r%r :%m\r\n",
    echo=False,
)
SOCKET_IO = Dialect(
    opening=(
        (_upgrade("/socket.io/?EIO=4&transport=websocket"), '0{"sid"'),
        (_frame("40"), '40{"sid"'),
        (_frame('420["join","r%r"]'), "430["),
    ),
    message=_frame('42["m","%m"]'),
)
CHANNELS = Dialect(
    opening=((_upgrade("/r%r"), "joined"),),
    message=_frame("%m"),
)
