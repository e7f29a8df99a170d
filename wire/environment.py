"""The environment variables of both programs: which of them are settings. Pure."""

import re
from collections.abc import Collection, Mapping

PREFIX = "CHAT_"

# Kubernetes sets such variables in each container, for each Service of its namespace: for one that
# is called "chat", CHAT_PORT is tcp://10.0.0.1:9999.
_SERVICE_LINK = re.compile(
    r"(?:tcp|udp|sctp)://(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|\[[0-9a-fA-F:.]+\]):[0-9]{1,5}"
)


def settings(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that may be settings: neither empty nor links to a Service."""
    return {name: text for name, text in environ.items() if text and not _is_link(name, text)}


def warning(environ: Mapping[str, str], read: Collection[str]) -> str | None:
    """Return a line about links to Services that have the names of variables that are ``read``."""
    links = sorted(name for name, text in environ.items() if _is_link(name, text))
    if not any(name in read for name in links):
        return None
    return (
        f"ignored {', '.join(links)}: Kubernetes sets such variables for a Service of that name;"
        " rename the Service, or set enableServiceLinks: false"
    )


def _is_link(name: str, text: str) -> bool:
    return name.startswith(PREFIX) and _SERVICE_LINK.fullmatch(text) is not None
