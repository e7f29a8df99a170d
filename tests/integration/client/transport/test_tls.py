"""TLS connections, and the certificates of nodes."""

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from client import Unreachable, connect
from tests.support.scripted import FakeTime, ScriptedNode


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
        with pytest.raises(Unreachable, match="certificate"):
            async with connect(node.address, nick="ana", tls=True):
                pytest.fail("entered")
