"""The limits of the protocol. Lengths are UTF-8 bytes after decoding."""

from typing import Final

LINE: Final = 16 * 1024
"""Longest line from a client, its end not counted: a 4 KiB text, fully escaped, still fits."""
NODE_LINE: Final = 1024 * 1024
"""Longest line from a node, so that a client can limit its buffer as well."""
TEXT: Final = 4096
"""Longest text: about a page; anything longer is a file."""
NICK: Final = 64
"""Longest nick: 16 characters of any script, with room for marks."""
ROOM: Final = 64
"""Longest room name, as for nicks."""
ID: Final = 64
"""Longest id of a message: a UUID or a digest in hexadecimal."""
REF: Final = 64
"""Longest reference of a request, as for ids."""
KEY_MIN: Final = 16
"""Shortest session key: a key is a secret, shorter ones can be guessed."""
KEY_MAX: Final = 128
"""Longest session key: 512 random bits in hexadecimal."""
ROOMS: Final = 50
"""Most rooms of one session: each costs memory on every node of the room."""
HISTORY: Final = 200
"""Most past messages in one answer: at most a line, usually a screen or four."""
HISTORY_DEFAULT: Final = 50
"""Past messages in an answer when the request does not say how many."""
ATTEMPT: Final = 2**53 - 1
"""Largest attempt: JSON numbers are exact up to here in every language (RFC 8259, section 6)."""
PING_AFTER: Final = 20.0
"""Seconds without a line from the peer before a ping."""
IDLE_AFTER: Final = 60.0
"""Seconds without a line before a node disconnects its client."""
PONG_WITHIN: Final = 5.0
"""Seconds for a node to answer a ping before its client disconnects."""
ANSWER_WITHIN: Final = 5.0
"""Seconds within which a node answers every request, if necessary with ``unavailable``."""
REPEAT_WITHIN: Final = 300.0
"""Seconds for which a message's id is remembered, so that a repeat is not a second message."""
REPEAT_AMONG: Final = 1000
"""How many of a key's newest ids are remembered."""
