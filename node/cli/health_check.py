"""The check of the image's health: exits with status 1 unless the node in it is ready.

A program of its own, ``python -m node.cli.health_check``. It runs every few seconds, so it loads
nothing else of a node.
"""

import http.client
import os
import sys
from collections.abc import Mapping

from wire import environment

WITHIN = 2.0
"""Seconds for the node to answer."""
_EVERYWHERE = ("", "0.0.0.0", "::", "*")


def failure(environ: Mapping[str, str]) -> str | None:
    """Return why the node that has these variables is not ready, None if it is.

    Also None if its port for health is off, or a free one that only the node knows.
    """
    settings = environment.settings(environ)
    port = settings.get("CHAT_HTTP_PORT", "off")
    if port in ("off", "0"):
        return None
    host = settings.get("CHAT_HTTP_HOST", "")
    # Unlike urllib, http.client never asks a proxy on the way to itself.
    try:
        node = http.client.HTTPConnection(
            "127.0.0.1" if host in _EVERYWHERE else host, int(port), timeout=WITHIN
        )
        node.request("GET", "/readyz")
        response = node.getresponse()
        reason = response.read().decode().strip()
    except (OSError, http.client.HTTPException, ValueError) as error:
        return " ".join(f"{type(error).__name__}: {error}".split())
    return None if response.status == http.client.OK else reason


if __name__ == "__main__":
    if (why := failure(os.environ)) is not None:
        print(why, file=sys.stderr)
        raise SystemExit(1)
