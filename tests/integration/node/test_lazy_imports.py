"""A node loads the packages of what is switched on, and no others."""

import pytest

from tests.support.lab import Lab

HEAVY = ("websockets", "argon2")


@pytest.mark.parametrize(
    ("flags", "loaded"), [((), []), (("--web-port", "0"), ["websockets"])], ids=["plain", "web"]
)
async def test_websockets_is_loaded_with_a_web_port_only(
    lab: Lab, flags: tuple[str, ...], loaded: list[str]
) -> None:
    node = await lab.node(None, *flags, PYTHONPROFILEIMPORTTIME="1")
    modules = {line.rpartition("|")[2].strip() for line in node.log.splitlines()}
    assert "node.net.listener" in modules
    assert [name for name in HEAVY if name in modules] == loaded
