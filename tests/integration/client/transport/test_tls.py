"""TLS connections, and the certificates of nodes."""

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from client import Disconnected, Unreachable, connect
from tests.support.scripted import FakeTime, ScriptedNode, scripted_node
from wire import messages as m


class TestTLS:
    """Encrypted, and to the right node."""

    @pytest.fixture
    def certificate(self, tmp_path: Path) -> tuple[Path, Path]:
        """A certificate for localhost that nobody but its file vouches for, and its key."""
        if shutil.which("openssl") is None:
            pytest.skip("there is no openssl to make a certificate with")
        key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
        command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
        names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
        files = ["-days", "2", "-keyout", str(key), "-out", str(cert)]
        subprocess.run([*command.split(), *names, *files], check=True, capture_output=True)
        return cert, key

    @pytest.fixture
    async def node(self, certificate: tuple[Path, Path]) -> AsyncIterator[ScriptedNode]:
        """A node that speaks TLS only."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        node = ScriptedNode()
        server = await asyncio.start_server(node.arrive, "127.0.0.1", 0, ssl=context)
        node.address = "localhost:%d" % server.sockets[0].getsockname()[1]
        yield node
        server.close()
        await node.close()

    async def test_a_trusted_certificate_is_accepted(
        self, node: ScriptedNode, certificate: tuple[Path, Path], time: FakeTime
    ) -> None:
        context = ssl.create_default_context(cafile=str(certificate[0]))
        runtime = time.runtime()
        chat = connect(node.address, nick="ana", tls=context, runtime=runtime, key="k" * 32)
        chat.start()
        peer = await node.peer()
        await peer.greet()
        await chat.ready()
        assert chat.is_connected
        await chat.close()

    async def test_an_untrusted_certificate_is_refused_at_once(self, node: ScriptedNode) -> None:
        named = (
            f"certificate of the node at {node.address} cannot .*: self-signed certificate. --ca"
        )
        with pytest.raises(Unreachable, match=named):
            async with connect(node.address, nick="ana", tls=True):
                pytest.fail("entered")

    async def test_for_another_name_the_authority_is_no_help(
        self, node: ScriptedNode, certificate: tuple[Path, Path]
    ) -> None:
        context = ssl.create_default_context(cafile=str(certificate[0]))
        address = node.address.replace("localhost", "127.0.0.1")
        with pytest.raises(Unreachable, match="mismatch, .* Connect by a name") as raised:
            async with connect(address, nick="ana", tls=context):
                pytest.fail("entered")
        assert "--ca" not in str(raised.value)

    async def test_a_plain_client_is_told_that_the_node_speaks_tls(
        self, node: ScriptedNode
    ) -> None:
        told = f"The node at {node.address} speaks TLS, but this client does not: .* --tls,"
        with pytest.raises(Unreachable, match=told):
            async with connect(node.address, nick="ana"):
                pytest.fail("entered")


class TestPlainNode:
    """A node without TLS."""

    @pytest.fixture
    async def node(self) -> AsyncIterator[ScriptedNode]:
        """A node."""
        async with scripted_node() as node:
            yield node

    @pytest.mark.parametrize("answer", [b'{"type":"error","code":"bad-request"}\n', b""])
    async def test_a_client_with_tls_is_told_that_the_node_has_none(
        self, node: ScriptedNode, answer: bytes
    ) -> None:
        entering = asyncio.create_task(connect(node.address, nick="ana", tls=True).__aenter__())
        peer = await node.peer()
        if answer:
            peer.say_bytes(answer)
        else:
            peer.hang_up()
        again = await node.peer()
        await again.expect(m.Ping)
        again.say(m.PongEvent())
        told = f"This client speaks TLS, but the node at {node.address} does not: .* --tls "
        with pytest.raises(Unreachable, match=told):
            await entering

    async def test_nothing_is_said_about_tls_where_a_plain_node_only_closes_the_connection(
        self, node: ScriptedNode, time: FakeTime
    ) -> None:
        runtime = time.runtime()
        chat = connect(node.address, nick="ana", runtime=runtime)
        chat.start()
        for _ in range(2):  # the second one only tries whether there is TLS
            (await node.peer()).hang_up()
        async for event in chat:
            assert isinstance(event, Disconnected)
            assert "TLS" not in event.why
            break
        await chat.close()
