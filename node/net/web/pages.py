"""The files of the page and of its library: read once at start, answered from memory."""

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from html import escape
from http import HTTPStatus
from importlib.resources import files
from importlib.resources.abc import Traversable
from urllib.parse import parse_qs

from node.net.request_head import path_of
from node.net.web import comments
from node.net.web.http import Request, Response

TRIES_MOST = 8
"""Redirections of a file that this node does not have, while two versions run behind a front."""

_TYPES = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "ico": "image/x-icon",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "png": "image/png",
    "svg": "image/svg+xml",
    "webmanifest": "application/manifest+json",
}
_AT_ROOT = ("sw.js", "manifest.webmanifest", "favicon.ico")
_PACKED = ("png", "ico")
_OLD = {"Cache-Control": "no-store"}
_CHECKED = {"Cache-Control": "no-cache"}
_FOREVER = {"Cache-Control": "max-age=31536000, immutable"}
_FOR_ALL = {
    **_CHECKED,
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
_NOT_FOUND = Response(HTTPStatus.NOT_FOUND, "Not found. WebSocket clients connect to /ws.")


@dataclass(frozen=True)
class _File:
    """A file as it is answered: its body, the same compressed, and the fields of its head."""

    body: bytes
    packed: bytes | None
    headers: Mapping[str, str]


@dataclass
class Pages:
    """The paths of the web port, but for WebSocket. No path is joined to a directory.

    ``contents`` are the files by their path in the package ``web``. ``nodes`` are WebSocket
    addresses that the page may connect to. In ``index.html`` and ``sw.js``, ``{digest}`` stands for
    the digest of all files, ``{nodes}`` and ``{files}`` for lists.
    """

    contents: Mapping[str, bytes]
    nodes: Sequence[str] = ()
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        total = sha256(repr(self.nodes).encode())
        for name, body in sorted(self.contents.items()):
            total.update(b"%b\0%d\0%b" % (name.encode(), len(body), body))
        self.digest = total.hexdigest()[:16]
        self._files = dict(self._all())

    def _all(self) -> Iterator[tuple[str, _File]]:
        """Return each path with its file."""
        for name, body in self.contents.items():
            if name == "index.html":
                yield "/", _file(name, self._filled(body), _CHECKED)
            elif name in _AT_ROOT:
                yield f"/{name}", _file(name, self._filled(body), _CHECKED)
            elif name.startswith("icons/"):
                yield f"/{name}", _file(name, body, _CHECKED)
            else:
                yield f"/a/{self.digest}/{name}", _file(name, body, _FOREVER)
                if name.startswith("sdk/"):
                    yield f"/{name}", _file(name, body, _FOR_ALL)

    def _filled(self, body: bytes) -> bytes:
        names = sorted(name for name in self.contents if "/" in name or name not in _AT_ROOT)
        page = [f"/a/{self.digest}/{name}" for name in names if name != "index.html"]
        listed = [path for path in page if not path.startswith(f"/a/{self.digest}/icons/")]
        return (
            body.replace(b"{digest}", self.digest.encode())
            .replace(b"{nodes}", escape(" ".join(self.nodes)).encode())
            .replace(b"{files}", json.dumps(listed).encode())
        )

    def respond(self, request: Request) -> Response:
        """Return the response to a request for a file."""
        path = path_of(request.path)
        if (found := self._files.get(path)) is None:
            return self._elsewhere(path, request)
        fields = {**found.headers, "Vary": "Accept-Encoding"}
        if fields["ETag"] in _listed(request, "If-None-Match"):
            return Response(HTTPStatus.NOT_MODIFIED, headers=fields)
        if found.packed is not None and "gzip" in _codings(request):
            fields["Content-Encoding"] = "gzip"
            return Response(HTTPStatus.OK, body=found.packed, headers=fields)
        return Response(HTTPStatus.OK, body=found.body, headers=fields)

    def _elsewhere(self, path: str, request: Request) -> Response:
        """Send a browser on to another node for a file of another version."""
        if not path.startswith("/a/") or path.startswith(f"/a/{self.digest}/"):
            return _NOT_FOUND
        tried = parse_qs(request.path.partition("?")[2]).get("try", ["0"])[0]
        number = int(tried) + 1 if tried.isascii() and tried.isdigit() and len(tried) < 3 else 1
        if number > TRIES_MOST:
            return Response(HTTPStatus.NOT_FOUND, "Not a file of this version.", headers=_OLD)
        # The next connection may reach another node.
        location = {**_OLD, "Location": f"{path}?try={number}"}
        return Response(HTTPStatus.TEMPORARY_REDIRECT, headers=location, close=True)


_SHORTENED = {"css": comments.css, "js": comments.javascript}


def load() -> dict[str, bytes]:
    """Return the files of the page by their path, as they are served."""
    return {name: _served(name, body) for name, body in _walk(files("web"), "")}


def _served(name: str, body: bytes) -> bytes:
    shorten = _SHORTENED.get(name.rpartition(".")[2])
    return body if shorten is None else shorten(body.decode()).encode()


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for each in folder.iterdir():
        if each.is_dir():
            yield from _walk(each, f"{prefix}{each.name}/")
        elif each.name.rpartition(".")[2] in _TYPES:
            yield prefix + each.name, each.read_bytes()


def _file(name: str, body: bytes, headers: Mapping[str, str]) -> _File:
    kind = name.rpartition(".")[2]
    tag = f'"{sha256(body).hexdigest()[:16]}"'
    packed = None if kind in _PACKED else gzip.compress(body, 9, mtime=0)
    return _File(body, packed, {"Content-Type": _TYPES[kind], "ETag": tag, **headers})


def _listed(request: Request, name: str) -> list[str]:
    values = ",".join(request.headers.get_all(name)).split(",")
    return [value.strip().removeprefix("W/") for value in values]


def _codings(request: Request) -> list[str]:
    """Return the content codings that the client accepts, those with a weight of 0 left out."""
    parts = [part.replace(" ", "").lower() for part in _listed(request, "Accept-Encoding")]
    return [part.partition(";")[0] for part in parts if not part.endswith((";q=0", ";q=0.0"))]
