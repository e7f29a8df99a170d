"""Who logs in, who does not, and what moderators do: lines of the log that nobody can forge."""

import asyncio
import re
import sys
from pathlib import Path

import pytest

from tests.integration.system.test_accounts import add
from tests.support.lab import Lab
from tests.support.node_process import ROOT, Address, NodeProcess, environment

FORGED = "x\n2026-01-01T00:00:00.000Z info node refused peer=198.51.100.1:1 code=bad-token"
NICKS = [
    "eve",
    FORGED,
    'eve" code=bad-token peer=198.51.100.1:1',
    "eve peer=198.51.100.1:1 code=bad-token",
    "eve\u2028\u202e\x1b[2J\x85",
    "e" * 5000,
]


def filter_of_fail2ban() -> list[re.Pattern[str]]:
    """Return the regular expressions of the filter that docs/operations.md shows."""
    text = (ROOT / "docs/operations.md").read_text("utf-8")
    [block] = re.findall(r"^failregex = (.*?)\n```", text, re.M | re.S)
    # What fail2ban puts in the place of <HOST>, but for names.
    host = r"\[?(?P<host>[0-9a-fA-F:.]+)\]?"
    return [re.compile(line.strip().replace("<HOST>", host)) for line in block.splitlines()]


def banned(lines: list[str]) -> list[str]:
    """Return the host of each line that the filter finds, as fail2ban reads lines."""
    found = []
    for line in lines:
        undated = re.sub(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", "", line)
        found += [match["host"] for each in filter_of_fail2ban() if (match := each.search(undated))]
    return found


@pytest.fixture
async def node(lab: Lab, tmp_path: Path) -> NodeProcess:
    """A node with a token, and an account of the nick ace; its name has a space in it."""
    accounts = tmp_path / "accounts"
    await add(accounts, "ace", "open sesame")
    flags = ("--name", "Knoten 1", "--host", "*", "--token", "open", "--accounts", str(accounts))
    return await lab.node(None, *flags, "--log-level", "debug")


async def test_a_line_names_who_logs_in_and_from_where(lab: Lab, node: NodeProcess) -> None:
    ana = await lab.connect(ipv4(node))
    await ana.refused("hello", "bad-token", nick="ana", token="wrong")
    await ana.hello("ana", token="open")
    bo = await lab.connect(ipv4(node))
    await bo.refused("hello", "nick-taken", nick="ana", token="open")
    await node.logs("code=nick-taken")
    about = 'node="Knoten 1" connection=1 peer='
    assert about in await node.logs("refused node=")
    assert (await node.logs("refused node=")).endswith(" code=bad-token nick=ana")
    welcome = await node.logs("welcome node=")
    assert about in welcome and welcome.endswith(" resumed=no nick=ana")
    assert (await node.logs("code=nick-taken")).endswith(" code=nick-taken nick=ana")
    assert "wrong password" not in node.log


async def test_no_nick_forges_a_line(lab: Lab, node: NodeProcess) -> None:
    for nick in NICKS:
        talker = await lab.connect(ipv4(node))
        answer = await talker.ask("hello", nick=nick, token="open")
        assert answer["type"] == ("welcome" if nick == "eve" else "error"), nick
    last = await lab.connect(ipv4(node))
    await last.refused("hello", "bad-token", nick="last", token="wrong")
    await node.logs("nick=last")
    lines = [line for line in node.log.splitlines() if " refused node=" in line]
    assert len(lines) == len(NICKS)
    assert all(line.isprintable() and len(line) < 400 for line in node.log.split("\n"))
    assert banned(node.log.split("\n")) == ["127.0.0.1"], "the last one alone"


async def test_the_filter_of_the_documentation_finds_who_guesses(
    lab: Lab, node: NodeProcess
) -> None:
    for address in ("::1", "127.0.0.1"):
        talker = await lab.connect(Address(address, node.address.port))
        await talker.refused("hello", "bad-token", nick="ana", token="guess")
        await talker.refused("hello", "nick-taken", nick="ace", token="open", password="guess")
        await talker.refused("hello", "nick-taken", nick="ace", token="open")
        await talker.hello(f"of{len(address)}", token="open")
        await talker.refused("nick", "nick-taken", nick="ace", password="guess")
    await node.logs("nick=of9")
    async with asyncio.timeout(10):
        while node.log.count("wrong password") < 4:
            await asyncio.sleep(0.02)
    assert banned(node.log.split("\n")) == ["::1"] * 3 + ["127.0.0.1"] * 3


async def test_the_fields_that_the_alert_of_guesses_names_are_in_the_log(
    lab: Lab, node: NodeProcess
) -> None:
    text = (ROOT / "docs/operations.md").read_text("utf-8")
    [advice] = re.findall(r"^\| `ChatWrongPasswords` \|.*\|(.*)\|$", text, re.M)
    what, *fields = re.findall(r"`([a-z ]+)`", advice)
    talker = await lab.connect(ipv4(node))
    await talker.refused("hello", "nick-taken", nick="ace", token="open", password="guess")
    line = await node.logs(what)
    assert fields and all(f" {field}=" in line for field in fields)


async def test_each_order_of_a_moderator_is_one_line(lab: Lab) -> None:
    redis = await lab.redis()
    node = await lab.node(redis)
    await lab.member(node.address, "mallory", rooms=["tea"])

    async def admin(*words: str) -> None:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "node", "admin", *words),
            cwd=ROOT,
            env=environment(CHAT_REDIS_URL=redis.url),
            stdout=asyncio.subprocess.DEVNULL,
        )
        assert await process.wait() == 0

    await admin("kick", "mallory")
    assert (await node.logs("kicked by a moderator")).endswith(" order=kick nick=mallory")
    await admin("ban", "--address", "192.0.2.0/24", "--for", "2h", "--reason", "no more")
    line = await node.logs("order=ban")
    assert re.search(r' order=ban network=192\.0\.2\.0/24 seconds=7\d\d\d reason="no more"$', line)
    await admin("ban", "eve")
    await node.logs(" order of a moderator node=" + named(line) + " order=ban nick=eve")
    await admin("unban", "eve")
    await node.logs(" a moderator lifted an order node=" + named(line) + " order=ban nick=eve")
    await admin("close-room", "tea")
    await node.logs(" order=close-room room=tea")
    await admin("announce", "a text that is nobody's business")
    await node.logs(" order=announce room=(all)")
    orders = [line for line in node.log.splitlines() if " order of a moderator " in line]
    assert len(orders) == 5, "kick, two bans, close-room, announce"
    assert "business" not in node.log
    other = await lab.node(redis)
    assert (await other.logs("orders of moderators that are in force")).endswith(
        " nicks=0 networks=1 kicks=1 rooms=1"
    )


def ipv4(node: NodeProcess) -> Address:
    """Return where a node listens that listens everywhere."""
    return Address("127.0.0.1", node.address.port)


def named(line: str) -> str:
    """Return the node that a line names."""
    return line.partition(" node=")[2].partition(" ")[0]
