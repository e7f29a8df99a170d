"""The opening handshake of WebSocket (RFC 6455, section 4.2). No I/O."""

import logging
from collections.abc import Sequence
from http import HTTPStatus

from websockets.exceptions import NegotiationError
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from node.net.web.http import Request, Response

PATH = "/ws"
"""Where clients connect."""
SUBPROTOCOL = Subprotocol("chat.v1")
"""The name of the protocol; a client may also offer none."""

# It ends the connection, which would take the place of the WebSocket connection that comes next: a
# page asks here why it was not let in.
_NO_UPGRADE = Response(
    HTTPStatus.UPGRADE_REQUIRED,
    "Only WebSocket clients (version 13) can connect here; see docs/protocol.md.",
    headers={"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"},
    close=True,
)
# The library logs a failed handshake with its traceback; here it is answered and counted.
_silent = logging.getLogger(f"{__name__}.library")
_silent.setLevel(logging.CRITICAL)


def accept(request: Request) -> bytes | Response:
    """Return the bytes that accept a client, or the response that refuses it."""
    if "Upgrade" not in request.headers:
        return _NO_UPGRADE
    server = ServerProtocol(select_subprotocol=_select, logger=_silent)
    response = server.accept(request)
    if response.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
        return response.serialize()
    versions = request.headers.get_all("Sec-WebSocket-Version")
    if response.status_code == HTTPStatus.UPGRADE_REQUIRED or versions not in ([], ["13"]):
        return _NO_UPGRADE
    text = bytes(response.body).decode().strip()
    status = HTTPStatus(response.status_code)
    fields = {name: response.headers[name] for name in ("Allow",) if name in response.headers}
    return Response(status, text, headers=fields, close=True)


def _select(_server: ServerProtocol, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """Return the subprotocol. Raises NegotiationError if only others are offered."""
    if not offered:
        return None
    if SUBPROTOCOL not in offered:
        raise NegotiationError(f"offer the subprotocol {SUBPROTOCOL}, or none")
    return SUBPROTOCOL


def wants_close(request: Request) -> bool:
    """Say whether the client closes the connection after the response."""
    options = ",".join(request.headers.get_all("Connection")).lower()
    return "close" in (option.strip() for option in options.split(","))
