"""The environment variables of both programs: which of them are settings. Pure."""

import re
from collections.abc import Collection, Iterator, Mapping

from wire.text import escape

PREFIX = "CHAT_"
NEAR = 0.85
"""The similarity of two names from which on one is mistyped: CHAT_TOKEN_FILE is no CHAT_TOKEN."""

# Kubernetes sets such variables in each container, for each Service of its namespace: for one that
# is called "chat", CHAT_PORT is tcp://10.0.0.1:9999.
_SERVICE_LINK = re.compile(
    r"(?:tcp|udp|sctp)://(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|\[[0-9a-fA-F:.]+\]):[0-9]{1,5}"
)


def settings(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that may be settings: neither empty nor links to a Service."""
    return {name: text for name, text in environ.items() if text and not _is_link(name, text)}


def warnings(
    environ: Mapping[str, str], read: Collection[str], known: Collection[str] = ()
) -> list[str]:
    """Return a line for each thing that is probably wrong with the variables that are ``read``.

    ``known`` are other variables of the program, which are not mistyped either.
    """
    found = _links(environ, read)
    return ([found] if found else []) + list(_mistyped(environ, read, {*read, *known}))


def _mistyped(
    environ: Mapping[str, str], read: Collection[str], known: Collection[str]
) -> Iterator[str]:
    """Yield a line for each variable whose name is nearly that of one that is ``read``.

    No value is repeated: it may be a secret. Other unknown variables need no line: they may be of
    the other program, of Compose, or what Kubernetes sets for a Service.
    """
    for name, text in sorted(environ.items()):
        if not text or not name.startswith(PREFIX) or name in known or _is_link(name, text):
            continue
        import difflib  # mostly not needed

        nearest = difflib.get_close_matches(name, known, 1, NEAR)
        if nearest and nearest[0] in read:
            yield f"ignored {escape(name)}, which is no setting; did you mean {nearest[0]}?"


def _links(environ: Mapping[str, str], read: Collection[str]) -> str | None:
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
