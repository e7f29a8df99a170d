"""Files are answered with what browsers need to keep them, and no others are."""

import gzip
from http import HTTPStatus

import pytest

from node.net.web.http import Headers, Request, Response
from node.net.web.pages import TRIES_MOST, Pages, load

FILES = {
    "index.html": b'<meta name="nodes" content="{nodes}"><script src="/a/{digest}/boot.js">',
    "boot.js": b"import './sdk/chat.js'" + b" " * 1000,
    "sdk/chat.js": b"export {}",
    "icons/16.png": b"\x89PNG",
    "sw.js": b"const files = {files}, version = '{digest}'",
}
PAGES = Pages(FILES, ["wss://b.example:443/ws"])


def get(path: str, **fields: str) -> Response:
    headers = Headers({name.replace("_", "-"): text for name, text in fields.items()})
    return PAGES.respond(Request(path, headers, "GET", "HTTP/1.1"))


def field(response: Response, name: str) -> str | None:
    return (response.headers or {}).get(name)


def test_the_first_file_names_the_version_and_the_other_nodes() -> None:
    response = get("/?room=tea")
    assert response.status is HTTPStatus.OK
    assert f"/a/{PAGES.digest}/boot.js".encode() in response.body
    assert b'content="wss://b.example:443/ws"' in response.body
    assert field(response, "Cache-Control") == "no-cache"


def test_files_of_the_version_are_kept_for_ever() -> None:
    response = get(f"/a/{PAGES.digest}/boot.js")
    assert response.body == FILES["boot.js"]
    assert field(response, "Cache-Control") == "max-age=31536000, immutable"
    assert field(response, "Content-Type") == "text/javascript; charset=utf-8"


def test_the_library_is_for_pages_from_everywhere() -> None:
    response = get("/sdk/chat.js")
    assert field(response, "Access-Control-Allow-Origin") == "*"
    assert field(response, "Cross-Origin-Resource-Policy") == "cross-origin"
    assert field(get(f"/a/{PAGES.digest}/sdk/chat.js"), "Access-Control-Allow-Origin") is None


def test_the_service_worker_knows_all_files_of_the_version() -> None:
    body = get("/sw.js").body.decode()
    assert f'["/a/{PAGES.digest}/boot.js", "/a/{PAGES.digest}/sdk/chat.js"]' in body


@pytest.mark.parametrize("accepted", ["gzip", "br, gzip;q=0.5", "GZIP"])
def test_a_file_is_compressed_where_the_browser_accepts_it(accepted: str) -> None:
    response = get(f"/a/{PAGES.digest}/boot.js", Accept_Encoding=accepted)
    assert field(response, "Content-Encoding") == "gzip"
    assert gzip.decompress(response.body) == FILES["boot.js"]
    assert field(response, "Vary") == "Accept-Encoding"


@pytest.mark.parametrize("accepted", ["", "br", "gzip;q=0"])
def test_a_file_is_not_compressed_otherwise(accepted: str) -> None:
    assert get(f"/a/{PAGES.digest}/boot.js", Accept_Encoding=accepted).body == FILES["boot.js"]


def test_a_file_that_the_browser_has_is_not_sent_again() -> None:
    tag = field(get("/"), "ETag")
    assert tag is not None
    for sent in (tag, f'W/{tag}, "x"'):
        response = get("/", If_None_Match=sent)
        assert (response.status, response.body) == (HTTPStatus.NOT_MODIFIED, b"")
        assert field(response, "ETag") == tag
    assert get("/", If_None_Match='"x"').status is HTTPStatus.OK


def test_a_file_of_another_version_is_looked_for_elsewhere_and_then_given_up() -> None:
    path = "/a/0123456789abcdef/boot.js"
    for number in range(TRIES_MOST):
        response = get(path)
        assert response.status is HTTPStatus.TEMPORARY_REDIRECT and response.close
        path = field(response, "Location") or ""
        assert path.endswith(f"?try={number + 1}")
    response = get(path)
    assert response.status is HTTPStatus.NOT_FOUND
    assert field(response, "Cache-Control") == "no-store"
    assert field(get("/a/x/y?try=-1"), "Location") == "/a/x/y?try=1"


@pytest.mark.parametrize(
    "path",
    ["/index.html", "/boot.js", "/sdk/", "/icons/", "/icons/../boot.js", "/%2e%2e/x", "/sdk", "*"],
)
def test_nothing_else_is_there(path: str) -> None:
    assert get(path).status is HTTPStatus.NOT_FOUND
    if path not in ("/boot.js", "*"):
        assert get(f"/a/{PAGES.digest}{path}").status is HTTPStatus.NOT_FOUND


def test_another_content_is_another_version() -> None:
    assert Pages({**FILES, "boot.js": b"2"}).digest != Pages(FILES).digest


def test_the_installed_files_can_be_read() -> None:
    assert all(isinstance(body, bytes) for body in load().values())
