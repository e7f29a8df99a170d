"""The web port of one node: what its connections share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Protocol

from node.core.hub.hub import Hub
from node.core.limits.admission import AddressUsage, Refusal, parse
from node.net.connection_limits import ConnectionLimits
from node.net.dialect import Dialect
from node.net.web.frames import FrameReader
from node.net.web.http import Request, Response
from node.net.web.origins import Origins
from node.net.web.pages import Pages
from node.net.write_batch import WriteBatch
from node.protocols import websocket

_encoder = websocket.WebSocketEncoder()


class HttpConnection(Protocol):
    """A connection that has not become a WebSocket."""

    def close(self) -> None:
        """Close it, if nothing is under way on it."""


class WebCounts(Protocol):
    """The counters of a web port."""

    def changed(self, change: int) -> None:
        """Count a WebSocket connection that is opened, or closed."""

    def responded(self, status: HTTPStatus) -> None:
        """Count a response."""

    def refused(self, why: str) -> None:
        """Count a request that is refused."""


@dataclass(frozen=True)
class WebRules:
    """The settings of a web port.

    ``forwarded``: ``X-Forwarded-For`` of trusted proxies names the client. ``nodes`` are other
    WebSocket addresses that the page may connect to.
    """

    origins: Origins = Origins()
    forwarded: bool = False
    nodes: tuple[str, ...] = ()


@dataclass
class WebPort:
    """Answers requests, and refuses those of strangers' pages.

    ``direct`` is that of its connections; ``pages`` has the files.
    """

    hub: Hub
    batch: WriteBatch
    limits: ConnectionLimits
    counts: WebCounts
    rules: WebRules
    pages: Pages
    direct: bool
    is_closing: bool = False
    visits: set[HttpConnection] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.headers = security_headers(self.rules.nodes)
        self.dialect = Dialect(
            encoder=_encoder,
            reader=FrameReader,
            goodbye=websocket.goodbye,
            facts={"front": "websocket"},
            opened=lambda: self.counts.changed(1),
            closed=lambda: self.counts.changed(-1),
        )

    def close(self) -> None:
        """End the connections on which nothing is under way: the node drains."""
        self.is_closing = True
        for visit in list(self.visits):
            visit.close()

    # Answers

    def refusal(self, request: Request, own_address: str) -> Response | None:
        """Return why a request of a stranger's page is refused, None if it is not."""
        response = self.rules.origins.refusal(request.headers, own_address)
        if response is not None:
            self.counts.refused("origin" if response.status is HTTPStatus.FORBIDDEN else "request")
        return response

    def full(self, refusal: Refusal) -> Response:
        """Return the response to a client that is over a limit, and count it."""
        self.hub.services.counts.hit(refusal.limit)
        self.counts.refused("limit")
        return Response(
            HTTPStatus.SERVICE_UNAVAILABLE,
            refusal.text,
            headers={"Retry-After": str(int(refusal.retry_after) + 1)},
            close=True,
        )

    # Proxies

    def is_proxy(self, address: str) -> bool:
        """Say whether ``X-Forwarded-For`` from this address is trusted."""
        return self.rules.forwarded and self.limits.trusts(address)

    def enter(self, address: str) -> AddressUsage | Refusal | None:
        """Admit a client before its TLS handshake; a proxy is admitted as nobody."""
        return None if self.is_proxy(address) else self.limits.enter(address)

    def client_of(self, request: Request, proxy: str) -> str:
        """Return the client's address: the last one that is not a trusted proxy's."""
        found = proxy
        values = ",".join(request.headers.get_all("X-Forwarded-For")).split(",")
        for text in reversed(values):
            address = parse(text.strip().removeprefix("[").removesuffix("]"))
            if address is None:
                break
            found = str(address)
            if not self.limits.trusts(found):
                break
        return found


def security_headers(nodes: tuple[str, ...]) -> Mapping[str, str]:
    """Return the header fields of every response; the page may connect to ``nodes`` as well."""
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "connect-src": " ".join(("'self'", *nodes)),
        "manifest-src": "'self'",
        "worker-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "sw",
    }
    unused = ("camera", "microphone", "geolocation", "payment", "usb")
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": ", ".join(f"{name}=()" for name in unused),
    }
