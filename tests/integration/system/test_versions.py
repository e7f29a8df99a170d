"""A node of today beside one of the last release, on one Redis; and data that are too new."""

import asyncio
import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.support import web
from tests.support.lab import Lab, key
from tests.support.node_process import ROOT, NodeProcess
from tests.support.redis_server import RedisServer
from tests.support.talker import Talker

SINCE = "80b04db132581c8ff23e2526435253f753e79d75"
"""What counts as the last release until there is a tag of one."""
FORMAT_1 = "d564fdba0fc01af79f4a56c63f55484d27765a41"
"""A commit whose nodes know only format 1 of the data."""
FLAGS = ("--rate", "0", "--drain", "1")


def _git(*words: str) -> bytes:
    done = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True)
    if done.returncode:
        pytest.skip(f"no code of the last release: {done.stderr.decode().strip()}")
    return done.stdout


def last_release() -> str:
    """Return the newest release before this commit; skips the test where there is no history."""
    _git("rev-parse", "HEAD")
    tags = _git("tag", "--list", "v*", "--sort=-version:refname", "--merged", "HEAD")
    here = _git("tag", "--points-at", "HEAD").decode().split()
    return next((tag for tag in tags.decode().split() if tag not in here), SINCE)


@pytest.fixture(scope="module")
def old_code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the code of the last release is."""
    return _code(last_release(), tmp_path_factory)


def _code(commit: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("code")
    archive = _git("archive", "--format=tar", commit, "node", "wire")
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(directory, filter="data")
    return directory


@pytest.fixture
async def redis(lab: Lab) -> RedisServer:
    """The Redis of all nodes of a test."""
    return await lab.redis()


@pytest.fixture
async def old(lab: Lab, redis: RedisServer, old_code: Path) -> NodeProcess:
    """A node of the last release."""
    return await lab.node(redis, *FLAGS, root=old_code)


@pytest.fixture
async def new(lab: Lab, redis: RedisServer) -> NodeProcess:
    """A node of today."""
    return await lab.node(redis, *FLAGS)


def heard(talker: Talker) -> list[tuple[str, str, str]]:
    """Return position, author and text of the messages that somebody got."""
    return [(e["position"], e["from"], e["text"]) for e in talker.seen("message")]


async def test_both_hear_the_same_in_the_same_order(
    lab: Lab, old: NodeProcess, new: NodeProcess
) -> None:
    talkers = [await lab.member(node.address, f"t{n}") for n, node in enumerate((old, new, old))]
    for talker in talkers:
        await talker.expect("joined", room="general")
    await talkers[0].expect("entered", nick="t2")
    for number in range(300):
        author = talkers[number % 3]
        author.send("send", room="general", text=str(number), id=str(number))
    for number in range(300):
        await talkers[number % 3].expect("ack", id=str(number))
        for talker in talkers:
            await talker.expect("message", id=str(number))
    assert heard(talkers[0]) == heard(talkers[1]) == heard(talkers[2])
    assert len(heard(talkers[0])) == 300 and not talkers[0].seen("gap", "left")


@pytest.mark.parametrize("way", ["old to new", "new to old"])
async def test_a_session_goes_on_from_one_to_the_other(
    lab: Lab, old: NodeProcess, new: NodeProcess, way: str
) -> None:
    first, second = (old, new) if way == "old to new" else (new, old)
    secret, bo_key = key(), key()
    bo = await lab.member(second.address, "bo", key=bo_key)
    ana = await lab.member(first.address, "ana", key=secret, attempt=1)
    await bo.expect("entered", nick="ana")
    await ana.say("general", "one", "1")
    await ana.expect("message", id="1")
    position = heard(ana)[-1][0]
    await bo.say("general", "two", "2")
    await bo.ask("direct", "ack", to="ana", text="psst", id="3")
    again = await lab.connect(second.address)
    welcome = await again.hello("", key=secret, attempt=2, positions={"general": position})
    assert welcome["resumed"] and welcome["nick"] == "ana"
    await ana.expect("bye", reason="replaced")
    await again.expect("message", text="two")
    await again.expect("direct", text="psst")
    # What was said there is known here: the same place, and nobody hears it again.
    ack = await again.say("general", "one", "1")
    assert ack["position"] == position
    await again.say("general", "three", "4")
    await bo.expect("message", text="three")
    assert [text for _, _, text in heard(bo)] == ["one", "two", "three"]
    assert not bo.seen("left", "gap") and not again.seen("gap")


async def test_clients_of_the_old_node_go_on_at_the_new_one_when_it_drains(
    lab: Lab, old: NodeProcess, new: NodeProcess
) -> None:
    secret = key()
    watcher = await lab.member(new.address, "watcher")
    ana = await lab.member(old.address, "ana", key=secret)
    await watcher.expect("entered", nick="ana")
    old.terminate()
    await ana.expect("bye", reason="draining")
    again = await lab.member(new.address, "", key=secret)
    assert again.seen("welcome")[0]["resumed"]
    assert await old.wait(1 + 5) == 0
    assert not watcher.seen("left")


async def test_a_node_finds_data_that_are_too_new_for_it_and_says_so(
    lab: Lab, redis: RedisServer
) -> None:
    async with redis.client() as data:
        await data.set("chat:{c}:format", 3)
    node = await lab.node(redis, *FLAGS, "--http-port", "0")
    async with asyncio.timeout(10):
        while "format 3" not in (await web.get(node.http, "/readyz"))[1]:
            await asyncio.sleep(0.05)
    talker = await lab.connect(node.address)
    refused = await talker.refused("hello", "unavailable", nick="ana")
    assert refused["retry_after_ms"] > 0
    node.terminate()
    assert await node.wait(1 + 5) == 0
    assert node.log.count("upgrade this node") == 1
    async with redis.client() as data:
        assert sorted(await data.keys()) == [b"chat:format", b"chat:{c}:format"]


async def test_a_node_lets_go_of_all_when_the_data_become_too_new_under_it(
    lab: Lab, redis: RedisServer
) -> None:
    node = await lab.node(redis, *FLAGS, "--http-port", "0")
    await web.ready(node.http)
    ana = await lab.member(node.address, "ana", key=key())
    async with redis.client() as data:
        await data.set("chat:{c}:format", 3)
    bye = await ana.expect("bye", reason="cut-off")
    assert bye["retry_after_ms"] == 1000
    assert (await web.get(node.http, "/readyz"))[0] == 503
    async with redis.client() as data:
        await data.set("chat:{c}:format", 2)
    await web.ready(node.http)
    again = await lab.connect(node.address)
    assert (await again.ask("hello", "welcome", nick="bo"))["nick"] == "bo"


@pytest.fixture(scope="module")
def code_of_format_1(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the code of a node is that knows only format 1."""
    return _code(FORMAT_1, tmp_path_factory)


async def test_a_node_beside_one_of_format_1_serves_nobody_and_changes_nothing(
    lab: Lab, redis: RedisServer, code_of_format_1: Path
) -> None:
    old = await lab.node(redis, *FLAGS, root=code_of_format_1)
    ana = await lab.member(old.address, "ana")
    node = await lab.node(redis, *FLAGS, "--http-port", "0")
    async with asyncio.timeout(10):
        while "format 1" not in (await web.get(node.http, "/readyz"))[1]:
            await asyncio.sleep(0.05)
    talker = await lab.connect(node.address)
    await talker.refused("hello", "unavailable", nick="bo")
    assert node.log.count("delete them with FLUSHDB, or give it another database") == 1
    await ana.say("general", "still here", "1")
    await ana.expect("message", id="1")
    async with redis.client() as data:
        assert not await data.keys("chat:{c}*")


async def test_a_node_of_format_1_serves_nobody_beside_one_of_today(
    lab: Lab, redis: RedisServer, code_of_format_1: Path
) -> None:
    new = await lab.node(redis, *FLAGS)
    await lab.member(new.address, "ana")
    old = await lab.node(redis, *FLAGS, root=code_of_format_1)
    async with asyncio.timeout(10):
        while "format 2" not in old.log:
            await asyncio.sleep(0.05)
    talker = await lab.connect(old.address)
    await talker.refused("hello", "unavailable", nick="bo")
    async with redis.client() as data:
        assert await data.hkeys("chat:{c}:nicks") == [b"ana"]
        assert not await data.exists("chat:nicks")
