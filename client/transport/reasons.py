"""Why a connection failed or ended, as a clause for the sentences that people read. Pure."""

import errno
import os
import re
import socket
import ssl

from client.transport.addresses import Address
from wire.errors import REASONS, Reason

_BY_ERRNO = {
    errno.ECONNREFUSED: "nothing listens at {}",
    errno.ECONNRESET: "the connection to {} was reset",
    errno.EPIPE: "the connection to {} was reset",
    errno.ETIMEDOUT: "{} does not answer",
    errno.EHOSTUNREACH: "there is no way to {}",
    errno.ENETUNREACH: "there is no way to {}",
    errno.EHOSTDOWN: "the host of {} is down",
    errno.EADDRNOTAVAIL: "{} cannot be reached from this machine",
}
_UNKNOWN_NAME = (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME))
SILENT = "the node does not answer"
"""Why a connection was given up on which a node was silent."""
_CLOSED = "the node closed the connection"
_NO_ANSWER = "the connection was closed without an answer: perhaps this is no chat port"
_HTTP = "this is no chat port: it speaks HTTP, as the web port does"
_TRY_AGAIN = re.compile(r"[;,] try again[^.;,]*$")


def unopened(error: OSError, address: Address) -> str:
    """Return why no connection to an address could be made."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate of {address} cannot be verified: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        reason = (error.reason or "").replace("_", " ").lower()
        return f"the TLS handshake with {address} failed{reason and f' ({reason})'}"
    if isinstance(error, socket.gaierror):
        if error.errno in _UNKNOWN_NAME:
            return f"there is no host called {address.host}"
        return f"the address of {address.host} cannot be looked up ({error.strerror})"
    if isinstance(error, TimeoutError) and not error.args:
        return f"{address} does not answer"
    if (form := _BY_ERRNO.get(error.errno or 0)) is not None:
        return form.format(address)
    return f"{address}: {error.strerror or str(error) or type(error).__name__}"


def broken(error: Exception | None) -> str:
    """Return why an open connection ended by itself."""
    if not isinstance(error, OSError) or error.errno in (None, errno.ECONNRESET, errno.EPIPE):
        return _CLOSED
    return f"the connection failed ({os.strerror(error.errno)})"


def unanswered(why: str) -> str:
    """Return why a connection ended on which nothing was received at all."""
    return _NO_ANSWER if why == _CLOSED else why


def not_understood(line: bytes, trouble: str) -> str:
    """Return why a connection was left whose line is no event."""
    is_http = line.startswith(b"HTTP/")
    return _HTTP if is_http else f"the node does not speak the protocol: {trouble}"


def is_no_node(why: str) -> bool:
    """Return whether what was connected to is perhaps no node."""
    return why in (_NO_ANSWER, _HTTP)


def refused(text: str) -> str:
    """Return that a node refused a session for now; the client tries again by itself."""
    return f"the node lets nobody in now: {_TRY_AGAIN.sub('', text.rstrip('.'))}"


def said_bye(reason: str) -> str:
    """Return why a node ended the connection."""
    try:
        return REASONS[Reason(reason)].meaning
    except ValueError:  # a reason of a newer node
        return f"the node ended the connection ({reason})"
