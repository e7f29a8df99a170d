"""Parses ``--redis-url``, and shows it without secrets."""

import re
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from urllib.parse import parse_qsl, unquote

from wire.text import secret

MEMORY = "memory://"
REDIS_PORT = 6379
SENTINEL_PORT = 26379
TLS_OPTIONS = frozenset(
    ("ssl_ca_certs", "ssl_cert_reqs", "ssl_certfile", "ssl_check_hostname", "ssl_keyfile")
)
"""The options that may follow the ? of a URL with TLS, named as in redis-py."""

EXPECTED = (
    "memory://, redis://[user:pass@]host[:port][/DB],"
    " redis+cluster://[user:pass@]host:port,host:port,"
    " rediss:// or rediss+cluster:// likewise with TLS,"
    " or redis+sentinel://[user:pass@]host:port,host:port/NAME[/DB]"
)
_SENTINEL = "redis+sentinel"
_CLUSTERS = {"redis+cluster": "redis", "rediss+cluster": "rediss"}
"""The schemes of a cluster, and those of each of its servers."""

# user:pass@, hosts, /path, ?query
_PARTS = re.compile(r"(?:([^@/?#\[\]]*)@)?([^@/?#]*)(?:/([^?#]*))?(?:\?([^#]*))?")


@dataclass(frozen=True, slots=True)
class RedisUrl:
    """The URL of a broker, parsed.

    ``url`` is the text as given. ``scheme`` is ``memory``, ``redis``, ``rediss`` (TLS) or
    ``redis+sentinel``: then ``hosts`` are the sentinels, and ``service`` is their name for the
    Redis that they watch. With ``redis+cluster`` or ``rediss+cluster``, ``hosts`` are some servers
    of a Redis Cluster. ``str()`` and ``repr()`` show neither user nor password.
    """

    url: str = field(repr=False)
    scheme: str
    hosts: tuple[tuple[str, int], ...] = ()
    service: str = ""
    db: int = 0
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    @property
    def is_memory(self) -> bool:
        """Whether the broker is the embedded one, for a single process."""
        return self.scheme == "memory"

    @property
    def is_cluster(self) -> bool:
        """Whether the broker is a Redis Cluster."""
        return self.scheme in _CLUSTERS

    def server(self, host: str, port: int) -> str:
        """Return the URL of one server of a cluster, with the user and options of this URL."""
        _, _, rest = self.url.partition("://")
        rest, mark, query = rest.partition("?")
        user, at, _ = rest.rpartition("@")
        shown = f"[{host}]" if ":" in host else host
        return f"{_CLUSTERS[self.scheme]}://{user}{at}{shown}:{port}{mark}{query}"

    def __str__(self) -> str:
        return hide(self.url)


def parse(text: str) -> RedisUrl:
    """Parse a URL. Raises ValueError, whose text contains nothing of the URL."""
    text = secret(text)
    if text == MEMORY:
        return RedisUrl(text, "memory")
    if not text.isprintable() or " " in text:
        raise ValueError("a URL contains no spaces")
    scheme, mark, rest = text.partition("://")
    if not mark or scheme not in ("redis", "rediss", _SENTINEL, *_CLUSTERS):
        raise ValueError("unknown scheme")
    found = _PARTS.fullmatch(rest)
    if not found:
        raise ValueError("in a user or password, write the characters @ : / ? # [ ] as %XX")
    user, addresses, path, query = (part or "" for part in found.groups())
    username, _, password = user.partition(":")
    sentinel, cluster = scheme == _SENTINEL, scheme in _CLUSTERS
    service, _, db = path.partition("/") if sentinel else ("", "", path)
    if sentinel and not service:
        raise ValueError("the sentinels' NAME for Redis is missing")
    hosts = _hosts(addresses, SENTINEL_PORT if sentinel else REDIS_PORT)
    if len(hosts) > 1 and not (sentinel or cluster):
        raise ValueError("several hosts need redis+sentinel:// or redis+cluster://")
    if cluster and path:
        raise ValueError("a Redis Cluster has no DB")
    _check_query(scheme, query)
    return RedisUrl(
        text,
        scheme,
        hosts,
        unquote(service),
        _db(db),
        unquote(username) or None,
        unquote(password) or None,
    )


def hide(text: str) -> str:
    """Return a URL, or an attempt at one, without the user, password and query.

    Everything before the last @ is hidden, even if it is not a valid user. If there is no @, a ":"
    without a port after it hides everything: the password may be in the wrong place.
    """
    scheme, mark, rest = text.partition("://")
    if not mark:
        scheme, rest = "", text
    _, at, rest = rest.rpartition("@")
    rest, query, _ = rest.partition("?")
    if re.search(r":(?![0-9]{1,5}([,/]|$))", re.sub(r"\[[0-9a-fA-F:.]*\]", "", rest)):
        rest = "***"
    return f"{scheme}{mark}{'***@' if at else ''}{rest}{'?***' if query else ''}"


def _hosts(text: str, port: int) -> tuple[tuple[str, int], ...]:
    parts = text.split(",")
    numbers = (
        [f"host {number}" for number in range(1, len(parts) + 1)] if parts[1:] else ["the host"]
    )
    return tuple(_host(part, port, name) for part, name in zip(parts, numbers, strict=True))


def _host(text: str, default: int, name: str) -> tuple[str, int]:
    """Return host and port; ``name`` is what errors call the host."""
    found = re.fullmatch(r"(?:\[(.+)\]|([^\[\]:]+))(?::([0-9]{1,5}))?", text)
    port = int(found[3] or default) if found else 0
    if not found or not 0 < port < 65536:
        raise ValueError(f"{name} is missing, or its port is not from 1 to 65535")
    if found[1]:
        try:
            IPv6Address(found[1])
        except ValueError:
            raise ValueError(f"{name}, in brackets, is not an IPv6 address") from None
    return found[1] or found[2], port


def _check_query(scheme: str, query: str) -> None:
    """Check that a query has only options of TLS: the node sets all others itself."""
    options = {name for name, _ in parse_qsl(query, keep_blank_values=True)}
    if options and (not scheme.startswith("rediss") or options - TLS_OPTIONS):
        names = ", ".join(sorted(TLS_OPTIONS))
        raise ValueError(f"only rediss:// and rediss+cluster:// take options: {names}")


def _db(text: str) -> int:
    if not re.fullmatch(r"[0-9]{0,9}", text):
        raise ValueError("DB must be a number")
    return int(text or 0)
