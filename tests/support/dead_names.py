"""A nameserver that does not answer, for the processes that tests start."""

from pathlib import Path

NAME = "slow.example"
ASKED = f"{NAME} is looked up"
"""What such a process writes to standard error then, once for each look-up."""

# What Python runs when it starts. libuv looks names up by itself: it is not to.
_CUSTOM = f"""
import os, socket, threading

genuine = socket.getaddrinfo

def getaddrinfo(host, port, family=0, type=0, proto=0, flags=0):
    if host == {NAME!r} and not flags & socket.AI_NUMERICHOST:
        os.write(2, b"{ASKED}\\n")
        threading.Event().wait()
    return genuine(host, port, family, type, proto, flags)

socket.getaddrinfo = getaddrinfo
"""
_NO_UVLOOP = "import sys; sys.modules['uvloop'] = None\n"


def python_path(directory: Path, uvloop: bool = True) -> str:
    """Return a PYTHONPATH for a process that asks such a nameserver, with or without uvloop."""
    custom = _CUSTOM if uvloop else _CUSTOM + _NO_UVLOOP
    (directory / "sitecustomize.py").write_text(custom, "utf-8")
    return f"{directory}:{Path(__file__).parents[2]}"
