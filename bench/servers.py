"""The servers that are compared, and how each is started: fairly, for speed, without limits."""

import shutil
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bench import dialects, masters
from bench.dialects import Dialect
from bench.masters import Masters
from bench.processes import BUILD, ROOT, SERVER_CORE, Failed, Process, free_port

PEERS = ROOT / "bench" / "peers"
READY_WITHIN = 30.0


@dataclass(frozen=True)
class Server:
    """A kind of server. ``command`` gets a port, the URL of a Redis, and how much to keep."""

    name: str
    title: str
    dialect: Dialect
    command: Callable[[int, str, int], list[str]]
    program: str
    """What has to be there."""
    uses_redis: bool = False
    masters: int = 0
    """How many masters its Redis Cluster has; 0 if its Redis is in no cluster."""
    at_once: int = 500
    """How many clients may come in at a time: InspIRCd lets people in once a second."""

    def missing(self) -> str | None:
        """Return why it cannot be run here, None if it can."""
        if Path(self.program).is_absolute() and Path(self.program).exists():
            return None
        return None if shutil.which(self.program) else f"{Path(self.program).name} is missing"


class Running:
    """Servers of one kind, and their Redis."""

    def __init__(self, server: Server, count: int = 1, history: int = 1000) -> None:
        self.ports: list[int] = []
        self.servers: list[Process] = []
        self.masters: Masters | None = None
        try:
            if server.uses_redis:
                self.masters = Masters(server.masters)
            url = self.masters.url if self.masters else ""
            for number in range(count):
                self._start(server, number, url, history)
        except BaseException:
            self.stop()
            raise

    def _start(self, server: Server, number: int, url: str, history: int) -> None:
        port = free_port()
        command = server.command(port, url, history)
        if ready := "--http-port" in command:
            command[-1] = str(free_port())
        process = Process(f"{server.name}-{number}", command, SERVER_CORE, **_environment(url))
        self.servers.append(process)
        self.ports.append(port)
        process.listening(port)
        if ready:
            _wait_until_ready(process, int(command[-1]))

    def cpu(self) -> float:
        """Return the CPU seconds of all servers."""
        return sum(process.cpu() for process in self.servers)

    def redis_cpu(self) -> list[float]:
        """Return the CPU seconds of each Redis."""
        return self.masters.cpu() if self.masters else []

    def memory(self) -> int:
        """Return the bytes that the servers have in memory."""
        return sum(process.memory() for process in self.servers)

    def stop(self) -> None:
        """End them."""
        for process in self.servers:
            process.kill()
        if self.masters:
            self.masters.stop()


def _environment(url: str) -> dict[str, str]:
    return {"REDIS_URL": url, "NODE_ENV": "production", "PYTHONPATH": str(PEERS)}


def _wait_until_ready(process: Process, port: int) -> None:
    until = time.monotonic() + READY_WITHIN
    while time.monotonic() < until:
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz"):
            return
        time.sleep(0.05)
    raise Failed(f"{process.name} is not ready: {process.last_words()}")


def _node(port: int, url: str, history: int) -> list[str]:
    command = [sys.executable, "-m", "node", "--port", str(port), "--redis-url", url]
    command += ["--rate", "0", "--history", str(history), "--log-level", "warning"]
    return [*command, "--http-port", "0"]


def _node_websocket(port: int, url: str, history: int) -> list[str]:
    *command, option, health = _node(0, url, history)
    return [*command, "--web-port", str(port), option, health]


def _relay(port: int, url: str, history: int) -> list[str]:
    return [str(BUILD / "relay"), str(port)]


def _redis(port: int, url: str, history: int) -> list[str]:
    return masters.command(port)


def _configured(name: str, port: int) -> str:
    """Write a configuration with this port, and return where."""
    text = (PEERS / name).read_text().replace("@PORT@", str(port)).replace("@DIR@", str(BUILD))
    path = BUILD / name
    path.write_text(text)
    path.chmod(0o644)
    return str(path)


def _inspircd(port: int, url: str, history: int) -> list[str]:
    config = _configured("inspircd.conf", port)
    return ["inspircd", "--config", config, "--nofork", "--nopid", "--runasroot"]


def _ngircd(port: int, url: str, history: int) -> list[str]:
    return ["ngircd", "--nodaemon", "--config", _configured("ngircd.conf", port)]


def _socket_io(port: int, url: str, history: int) -> list[str]:
    return ["node", str(BUILD / "npm" / "socketio.mjs"), str(port)]


def _uvicorn(name: str) -> Callable[[int, str, int], list[str]]:
    def command(port: int, url: str, history: int) -> list[str]:
        options = ["--loop", "uvloop", "--ws", "websockets", "--ws-ping-interval", "600"]
        options += ["--ws-ping-timeout", "600", "--ws-per-message-deflate", "false"]
        options += ["--log-level", "error", "--lifespan", "off", "--port", str(port)]
        return [_venv_python(name), "-m", "uvicorn", f"{name.replace('-', '_')}_app:app", *options]

    return command


def _venv_python(name: str) -> str:
    return str(BUILD / name / "bin" / "python")


NODE = Server("node", "Distributed chat", dialects.NATIVE, _node, "redis-server", True)
NODE_WEBSOCKET = Server(
    *("node-websocket", "Distributed chat, WebSocket", dialects.NATIVE_WEBSOCKET),
    *(_node_websocket, "redis-server", True),
)
SERVERS = (
    NODE,
    NODE_WEBSOCKET,
    Server("relay", "C relay (the limit)", dialects.RELAY, _relay, str(BUILD / "relay")),
    Server("redis", "Redis pub/sub alone", dialects.REDIS, _redis, "redis-server"),
    Server("inspircd", "InspIRCd", dialects.IRC, _inspircd, "inspircd"),
    Server(
        "ngircd", "ngIRCd", dialects.IRC, _ngircd, "ngircd", at_once=32
    ),  # its listener holds 10
    Server(
        *("socketio", "Socket.IO, Node.js", dialects.SOCKET_IO, _socket_io),
        str(BUILD / "npm" / "node_modules" / "socket.io"),
        True,
    ),
    Server(
        *("python-socketio", "python-socketio", dialects.SOCKET_IO, _uvicorn("python-socketio")),
        _venv_python("python-socketio"),
        True,
    ),
    Server(
        *("channels", "Django Channels", dialects.CHANNELS, _uvicorn("channels")),
        _venv_python("channels"),
        True,
    ),
)
