"""Accounts: made on the command line, asked for by nodes, read anew on SIGHUP."""

import asyncio
import sys
from pathlib import Path

from tests.integration.system.test_reload import hang_up
from tests.support.lab import Lab, key
from tests.support.node_process import ROOT, environment


async def add(file: Path, nick: str, password: str) -> None:
    """Make an account, as an operator does."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "node", "account", "add", nick, "--accounts", str(file)),
        cwd=ROOT,
        env=environment(),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate(password.encode() + b"\n")
    assert process.returncode == 0 and b"Added the account" in output


async def test_the_nick_of_an_account_is_its_owners(lab: Lab, tmp_path: Path) -> None:
    file = tmp_path / "accounts"
    await add(file, "ace", "open sesame")
    redis = await lab.redis()
    flags = ("--accounts", str(file), "--log-level", "debug", "--rate", "0")
    nodes = [await lab.node(redis, *flags) for _ in "ab"]
    stranger = await lab.connect(nodes[0].address)
    for nick in ("ace", "ACE", "\u0430\u0441\u0435"):
        for fields in ({}, {"password": "guess"}, {"key": key(), "password": "guess"}):
            refused = await stranger.refused("hello", "nick-taken", nick=nick, **fields)
            assert refused["account"] is True and "account" in refused["text"]
            if stranger.seen("error", account=True)[4:]:
                stranger = await lab.connect(nodes[0].address)
    await stranger.hello("bo")
    await stranger.refused("nick", "nick-taken", nick="Ace")
    secret = key()
    ace = await lab.connect(nodes[0].address)
    await ace.hello("Ace", key=secret, password="open sesame", attempt=1)
    again = await lab.connect(nodes[1].address)
    assert (await again.hello("Ace", key=secret, attempt=2))["resumed"]
    members = await stranger.ask("members", room="general")
    assert (members["members"], members["accounts"]) == (["Ace", "bo"], ["Ace"])
    await again.ask("nick", "renamed", nick="cy")
    await again.refused("nick", "nick-taken", nick="ace")
    await again.ask("nick", "renamed", nick="ace", password="open sesame")
    # A node that is told of another account knows it from then on.
    await add(file, "bob", "other")
    await hang_up(nodes[1], "accounts reloaded")
    late = await lab.connect(nodes[1].address)
    for nick in ("bob", "b0b"):
        assert (await late.refused("hello", "nick-taken", nick=nick))["account"] is True
    await late.hello("bob", password="other")
    file.write_text("nonsense\n")
    await hang_up(nodes[1], "keeping the old accounts", "line 1 is not NICK:HASH")
    await again.say("general", "still here", "1")
    for node in nodes:
        assert "sesame" not in node.log and "argon2" not in node.log


async def test_who_guesses_does_not_keep_the_owner_out(lab: Lab, tmp_path: Path) -> None:
    file = tmp_path / "accounts"
    await add(file, "ace", "open sesame")
    node = await lab.node(None, "--accounts", str(file), "--exempt", "none", "--rate", "0")
    codes = []
    for _ in range(6):
        stranger = await lab.connect(node.address, source="127.0.0.66")
        for _ in range(5):
            answer = await stranger.ask("hello", nick="ace", password="guess")
            codes.append(answer["code"])
    assert codes[:10] == ["nick-taken"] * 10 and codes[-1] == "unavailable"
    for _ in range(14):
        owner = await lab.connect(node.address, source="127.0.0.9")
        await owner.hello("ace", password="open sesame")
        await owner.ask("quit", "bye")
