"""A Redis that asks who one is, allows no more than is needed, and is reached by TLS."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
import trustme
from redis import asyncio as redis

from node.brokers import connect, scripts
from node.brokers.connection import CommandRunner
from node.brokers.server_clients import Trouble
from node.brokers.status_client import StatusClient, trouble_text
from node.config import redis_url
from tests.support import web
from tests.support.lab import Lab, key
from tests.support.node_process import ROOT, NodeProcess
from tests.support.redis_server import RedisServer

ARGUMENTS = range(1, 8)


def documented() -> str:
    """Return the line that docs/operations.md gives for the ACL file."""
    [line] = re.findall(r"^user chat .*$", (ROOT / "docs/operations.md").read_text("utf-8"), re.M)
    return str(line)


class Secured(RedisServer):
    """Speaks TLS alone; knows the documented user, and another one who may look at everything."""

    def __init__(self, directory: Path, authority: trustme.CA) -> None:
        issued = authority.issue_cert("localhost")
        files = {name: directory / f"{name}.pem" for name in ("cert", "key", "ca")}
        files["cert"].write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        files["key"].write_bytes(issued.private_key_pem.bytes())
        files["ca"].write_bytes(authority.cert_pem.bytes())
        users = directory / "users.acl"
        everything = "user watcher on >watching ~* &* +@all"
        users.write_text(f"user default off\n{everything}\n{documented()}\n", "ascii")
        super().__init__(
            directory,
            aclfile=str(users),
            port="0",
            tls_cert_file=str(files["cert"]),
            tls_key_file=str(files["key"]),
            tls_auth_clients="no",
        )
        self.options["tls-port"] = str(self.port)
        self._authority = files["ca"]

    @property
    def url(self) -> str:
        return self.url_of("chat:PASSWORD")

    def url_of(self, user: str) -> str:
        """Return the URL for a user with a password."""
        return f"rediss://{user}@localhost:{self.port}/0?ssl_ca_certs={self._authority}"

    def watcher(self) -> redis.Redis:
        """Return a client that may do everything."""
        return redis.Redis.from_url(self.url_of("watcher:watching"), retry=None)


async def test_a_node_does_with_what_the_documentation_gives_it(lab: Lab, tmp_path: Path) -> None:
    server = Secured(tmp_path, trustme.CA())
    try:
        await server.start()
        flags = ("--durability", "0", "--rate", "0", "--history", "10", "--grace", "0.2")
        nodes = [await lab.node(server, *flags) for _ in "ab"]
        ana, bo = [await lab.connect(node.address) for node in nodes]
        secret = key()
        await ana.hello("ana", key=secret, rooms=["general", "tea"])
        await bo.hello("bo", rooms=["general"])
        for number in range(30):
            await bo.say("general", "hi", str(number))
            await ana.expect("message", id=str(number))
        assert (await bo.ask("direct", "ack", to="ana", text="psst", id="d"))["to"] == "ana"
        await ana.expect("direct", text="psst")
        assert (await ana.ask("nick", nick="cy"))["nick"] == "cy"
        await bo.ask("join", room="tea")
        await bo.ask("rooms")
        await bo.ask("members", room="tea")
        await bo.ask("history", room="general")
        again = await lab.member(nodes[1].address, "", key=secret)
        await ana.expect("bye", reason="replaced")
        again.abort()
        # What the reaper does: the session ends.
        await bo.expect("left", nick="cy", reason="lost")
        await bo.ask("leave", room="tea")
        bo.send("quit")
        await bo.expect("bye", reason="quit")
        async with server.watcher() as watcher:
            refused = {str(entry["object"]) for entry in await watcher.acl_log()}
            # redis-py tells its name, where Redis knows how to take it, and goes on without.
            assert refused <= {"client|setinfo"}
        for node in nodes:
            node.terminate()
            await node.wait()
            assert "refused the script" not in node.log and "PASSWORD" not in node.log
    finally:
        await server.kill()


async def test_moderators_do_with_the_same_rights(lab: Lab, tmp_path: Path) -> None:
    server = Secured(tmp_path, trustme.CA())
    try:
        await server.start()
        node = await lab.node(server)
        ana = await lab.member(node.address, "ana")
        async with StatusClient(connect.to(redis_url.parse(server.url))) as moderator:
            await moderator.check()
            assert len(await moderator.all_nodes()) == 1
            assert (await moderator.totals()).sessions == 1
            assert await moderator.faults() is not None
            assert await moderator.kick("ana", "enough") == "ana"
        await ana.expect("bye", reason="kicked")
    finally:
        await server.kill()


async def told_of(url: str) -> str:
    """Return what a moderator is told when Redis cannot be reached."""
    parsed = redis_url.parse(url)
    async with StatusClient(connect.to(parsed)) as moderator:
        with pytest.raises(Trouble) as trouble:
            await moderator.check()
    return trouble_text(trouble.value, parsed)


async def test_a_connection_over_tls_is_closed_though_redis_hangs(tmp_path: Path) -> None:
    server = Secured(tmp_path, trustme.CA())
    try:
        await server.start()
        for _ in range(2):
            client = connect.to(redis_url.parse(server.url)).connect(5.0)
            calls = CommandRunner(client)
            assert await calls.execute([("PING",)]) == [b"PONG"]
            server.pause()
            await calls.drop()
            await client.aclose()
            server.resume()
    finally:
        await server.kill()


async def test_without_a_connection_over_tls_a_moderator_is_told_what_may_be_wrong(
    lab: Lab, tmp_path: Path
) -> None:
    plain = await lab.redis()
    where = plain.url.removeprefix("redis://").partition("/")[0]
    assert await told_of(f"rediss://{where}") == (
        f"Redis: {where} does not answer in time:"
        " if it speaks no TLS, its URL begins with redis:// (see --redis-url)"
    )
    server = Secured(tmp_path, trustme.CA())
    try:
        await server.start()
        where = f"localhost:{server.port}"
        assert await told_of(f"rediss://{where}") == (
            f"Redis: {where} cannot be reached over TLS:"
            " unable to get local issuer certificate (see --redis-url)"
        )
    finally:
        await server.kill()


async def test_all_that_the_scripts_call_is_allowed_and_no_more(tmp_path: Path) -> None:
    server = Secured(tmp_path, trustme.CA())
    try:
        await server.start()
        async with server.watcher() as watcher:

            async def allows(*command: str) -> bool:
                return bool(await watcher.acl_dryrun("chat", *command) == b"OK")

            async def allows_some(name: str) -> bool:
                for count in ARGUMENTS:
                    try:
                        return await allows(name, *["chat:x"] * count)
                    except redis.ResponseError as error:  # so many arguments it does not take
                        assert "arguments" in str(error), error
                return False

            text = "".join(scripts.source(name) for name in scripts.names())
            called = set(re.findall(r"redis\.call\('([A-Z]+)'", text))
            assert len(called) > 20
            allowed = {name for name in called if name == "TIME" or await allows_some(name)}
            assert allowed == called
            assert await allows("TIME") and await allows("WAIT", "1", "1000")
            assert not await allows("GET", "other") and not await allows("GET", "cha")
            assert await allows("SSUBSCRIBE", "chat:x") and await allows("SUNSUBSCRIBE", "chat:x")
            assert not await allows("SPUBLISH", "other", "x")
            assert not await allows("SSUBSCRIBE", "other")
            assert not await allows("PUBLISH", "chat:x", "x")
            assert not await allows("SUBSCRIBE", "chat:x")
            for command in (
                *(("FLUSHALL",), ("FLUSHDB",), ("KEYS", "*"), ("CONFIG", "GET", "*")),
                *(("SCRIPT", "FLUSH"), ("DEBUG", "SLEEP", "1"), ("SHUTDOWN",), ("SAVE",)),
                *(("ACL", "LIST"), ("MONITOR",), ("REPLICAOF", "a", "1"), ("FUNCTION", "LIST")),
            ):
                assert not await allows(*command), command
    finally:
        await server.kill()


async def test_a_wrong_password_and_an_unknown_authority_leave_a_node_waiting(
    lab: Lab, tmp_path: Path
) -> None:
    server = Secured(tmp_path, trustme.CA())
    stranger = tmp_path / "stranger.pem"
    trustme.CA().cert_pem.write_to_path(str(stranger))
    try:
        await server.start()
        wrong = server.url_of("chat:wrong")
        unknown = f"rediss://chat:PASSWORD@localhost:{server.port}/0?ssl_ca_certs={stranger}"
        await asyncio.gather(
            refuses(lab, wrong, "WRONGPASS: the user or the password in --redis-url is wrong"),
            refuses(lab, unknown, "it cannot be reached over TLS: unable to get local issuer"),
        )
    finally:
        await server.kill()


async def refuses(lab: Lab, url: str, why: str) -> None:
    """Start a node whose Redis does not serve it, and see that it tells why, and ends when told."""
    node = await lab.node(None, "--redis-url", url)
    talker = await lab.connect(node.address)
    await talker.refused("hello", "unavailable", nick="ana")
    node.terminate()
    await node.wait()
    assert f"cannot connect to Redis: {why}" in node.log and "lost the connection" not in node.log
    assert "Traceback" not in node.log
    assert "PASSWORD" not in node.log and "chat:wrong" not in node.log


async def test_each_new_reason_why_redis_does_not_serve_is_told_once(lab: Lab) -> None:
    server = await lab.redis()
    node = await lab.node(server, "--http-port", "0")
    await web.ready(node.http)
    admin: Any = redis.Redis.from_url(server.url, retry=None)
    # The password is changed, and the node has to log in again.
    await admin.execute_command("ACL", "SETUSER", "default", "resetpass", ">other")
    await admin.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    await told(node, "NOAUTH: it wants a password")
    # It is allowed to log in, and to do nothing.
    await admin.execute_command("ACL", "SETUSER", "default", "nopass", "-evalsha")
    await told(node, "NOPERM: its user lacks a right")
    await admin.execute_command("ACL", "SETUSER", "default", "+evalsha")
    await web.ready(node.http)
    await admin.aclose()
    await server.kill()
    await told(node, f":{server.port}")
    # Calls have one connection and subscriptions another: at most one line each.
    for reason in ("NOAUTH", "NOPERM"):
        assert len([line for line in node.log.splitlines() if reason in line]) <= 2


async def told(node: NodeProcess, reason: str) -> None:
    """Wait until log and `/readyz` give a reason."""
    async with asyncio.timeout(30):
        while reason not in (await web.get(node.http, "/readyz"))[1] or reason not in node.log:
            await asyncio.sleep(0.05)
