"""Why there is no connection is said in words, as a clause that stands in a sentence."""

import errno
import os
import socket
import ssl

import pytest

from client.protocol.events import Disconnected
from client.text.event_text import phrase
from client.transport.addresses import Address
from client.transport.reasons import broken, refused, said_bye, unopened
from wire.errors import Reason

NODE = Address("a.example.org", 9999)
WRONG_VERSION = ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1010)")
WRONG_VERSION.reason = "WRONG_VERSION_NUMBER"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed ('::1', 9)"), "listens"),
        (OSError(errno.EHOSTUNREACH, "No route to host"), "there is no way to a.example.org:9999"),
        (OSError(errno.EMFILE, "Too many open files"), "a.example.org:9999: Too many open files"),
        (TimeoutError(), "a.example.org:9999 does not answer"),
        (TimeoutError("192.0.2.1 does not answer"), "192.0.2.1 does not answer"),
        (socket.gaierror(socket.EAI_NONAME, "x"), "there is no host called a.example.org"),
        (socket.gaierror(socket.EAI_AGAIN, "later"), "a.example.org cannot be looked up (later)"),
        (WRONG_VERSION, "the TLS handshake with a.example.org:9999 failed (wrong version number)"),
        (OSError(), "a.example.org:9999: OSError"),
    ],
)
def test_a_connection_that_could_not_be_made_is_explained_without_numbers(
    error: OSError, words: str
) -> None:
    why = unopened(error, NODE)
    assert words in why and "Errno" not in why and "call failed" not in why


def test_a_connection_that_broke_is_explained_without_numbers() -> None:
    reset = ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")
    assert broken(None) == broken(reset) == "the node closed the connection"
    lost = OSError(errno.EHOSTUNREACH, "x")
    assert broken(lost) == f"the connection failed ({os.strerror(errno.EHOSTUNREACH)})"


def test_the_advice_to_try_again_is_left_out_because_the_client_does_it() -> None:
    why = refused("Too many clients are entering rooms; try again.")
    assert why == "the node lets nobody in now: Too many clients are entering rooms"
    assert refused("The node's storage is full; try again later.").endswith("storage is full")
    assert refused("It is full.").endswith(": It is full")


@pytest.mark.parametrize("reason", [*Reason, "of-a-newer-node"])
def test_each_reason_of_a_bye_is_a_sentence_without_a_stop_inside(reason: str) -> None:
    sentence = phrase(Disconnected(f"{said_bye(reason)} ({NODE})")) or ""
    assert sentence.startswith("No connection: the ") or sentence.startswith("No connection: a ")
    assert sentence.endswith(" (a.example.org:9999). Trying again.")
