"""What has to be there first: the programs in C, and the other servers."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.processes import BUILD, ROOT
from bench.servers import PEERS

_PYTHON = ("python-socketio", "channels")
_DEBIAN = ("inspircd", "ngircd", "redis-server")


def build(peers: bool = True) -> None:
    """Build and install all; what cannot be had is told, and its row will say that it is missing.

    ``peers``: the other servers too. Raises SystemExit without the load, for nothing can be
    measured then.
    """
    compile_all()
    if not peers:
        return
    _packages()
    _npm()
    for name in _PYTHON:
        _venv(name)


def compile_all() -> None:
    """Build the programs in C. Raises SystemExit if that cannot be done."""
    BUILD.mkdir(parents=True, exist_ok=True)
    for name in ("load", "relay"):
        source = ROOT / "bench" / f"{name}.c"
        if not _run("cc", "-O2", "-Wall", "-Wextra", "-o", str(BUILD / name), str(source)):
            raise SystemExit(f"{source} cannot be built: is there a C compiler?")


def _packages() -> None:
    missing = [name for name in _DEBIAN if not shutil.which(name)]
    if not missing:
        return
    install = ("apt-get", "install", "--quiet", "--yes", "--no-install-recommends")
    if os.geteuid() or not shutil.which("apt-get"):
        # Not by sudo: these packages start services, which nobody expects of a benchmark.
        print(f"missing: {' '.join(missing)}; as root: {' '.join(install[:2])} {' '.join(missing)}")
        return
    _run("apt-get", "update", "--quiet")
    for name in missing:
        _run(*install, name)


def _npm() -> None:
    folder = BUILD / "npm"
    folder.mkdir(exist_ok=True)
    for name in ("package.json", "package-lock.json", "socketio.mjs"):
        shutil.copy(PEERS / name, folder)
    if _is_older(folder / "node_modules", PEERS / "package-lock.json") and shutil.which("npm"):
        _run("npm", "ci", "--omit=dev", "--no-audit", "--no-fund", "--prefix", str(folder))


def _venv(name: str) -> None:
    folder, wanted = BUILD / name, PEERS / f"{name}.txt"
    if not _is_older(folder / ".done", wanted):
        return
    pip = (str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check")
    if _run(sys.executable, "-m", "venv", "--clear", str(folder)) and _run(
        *pip, "install", "--quiet", "--requirement", str(wanted)
    ):
        (folder / ".done").touch()
    else:
        # A half of it would be taken for a server.
        shutil.rmtree(folder, ignore_errors=True)


def _is_older(made: Path, source: Path) -> bool:
    return not made.exists() or made.stat().st_mtime < source.stat().st_mtime


def _run(*command: str) -> bool:
    """Run a command; return whether it did what it should, and show what it said if not."""
    print("$", *_short(command), flush=True)
    try:
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    except OSError as error:
        print(error)
        return False
    if ran.returncode:
        print(ran.stdout + ran.stderr, file=sys.stderr)
    return not ran.returncode


def _short(command: Sequence[str]) -> list[str]:
    return [word.replace(f"{ROOT}/", "") for word in command]
