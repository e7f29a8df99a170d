"""The version that runs."""

from functools import cache
from importlib import metadata


@cache
def version() -> str:
    """Return the version of the installed package, "unknown" in a source tree without one."""
    try:
        return metadata.version("distributed-chat")
    except metadata.PackageNotFoundError:
        return "unknown"
