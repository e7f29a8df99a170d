"""The Compose system: whom it lets in, and what outlives its containers."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from tests.support.repository import ROOT, load

VARIABLE = re.compile(r"\$\{(\w+)(?::-([^${}]*))?\}")


def services() -> dict[str, Any]:
    found: dict[str, Any] = load(ROOT / "docker-compose.yml")["services"]
    return found


def filled_in(text: str, environ: Mapping[str, str]) -> str:
    """Return a text with its variables, as Compose fills them in: the innermost ones first."""
    while match := VARIABLE.search(text):
        value = environ.get(match[1]) or match[2] or ""
        text = text[: match.start()] + value + text[match.end() :]
    return text


def published(**environ: str) -> dict[str, list[str]]:
    """Return the addresses of the host on which each service is published."""
    return {
        name: [filled_in(port, environ).rsplit(":", 2)[0] for port in service["ports"]]
        for name, service in services().items()
        if "ports" in service
    }


def test_nothing_is_published_but_to_this_host() -> None:
    found = published()
    assert {"front", "node"} <= set(found)
    assert {address for addresses in found.values() for address in addresses} == {"127.0.0.1"}


@pytest.mark.parametrize("address", ["0.0.0.0", "[::]", "192.0.2.7"])
def test_front_and_nodes_are_published_where_chat_publish_says(address: str) -> None:
    found = published(CHAT_PUBLISH=address)
    assert found["node"] == [address] and found["front"] == [address, address]
    assert found["prometheus"] == found["grafana"] == ["127.0.0.1"]


def test_the_nodes_may_be_kept_to_this_host_when_the_front_is_not() -> None:
    found = published(CHAT_PUBLISH="0.0.0.0", CHAT_PUBLISH_NODES="127.0.0.1")
    assert (set(found["front"]), found["node"]) == ({"0.0.0.0"}, ["127.0.0.1"])


def test_settings_and_state_of_the_client_are_in_a_volume() -> None:
    client = services()["client"]
    [volume] = client["volumes"]
    name, _, folder = volume.partition(":")
    assert name in load(ROOT / "docker-compose.yml")["volumes"]
    for variable in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        assert client["environment"][variable].startswith(f"{folder}/")
    assert "CHAT_SETTINGS" not in client["environment"]
    # An empty volume takes owner and mode from the image's folder: the client is not root.
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    assert f"install -d -o chat -g chat -m 700 {folder}\n" in dockerfile


@pytest.mark.parametrize("page", ["README.md", "docs/operations.md"])
def test_the_pages_say_beside_the_command_who_is_let_in(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    beside = text.partition("docker compose up -d --build --wait")[2][:1200]
    assert re.search(r"this host alone|only this host", beside)
    assert "CHAT_PUBLISH" in text
