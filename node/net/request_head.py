"""The head of an HTTP request, as far as all HTTP ports of a node read it alike (RFC 9112)."""

HEAD_MOST = 8 * 1024
"""Longest head in bytes: those of proxies and browsers are shorter."""


def path_of(target: str) -> str:
    """Return the path in a request's target, without its query.

    The target of a request that was made to a proxy contains the host as well (section 3.2.2).
    """
    scheme, mark, rest = target.partition("://")
    if mark and scheme.lower() in ("http", "https", "ws", "wss"):
        target = "/" + rest.partition("/")[2]
    return target.partition("?")[0]
