"""SIGHUP: certificate and tokens are read anew, and nobody notices but who comes then."""

import asyncio
import os
import signal
import ssl
from pathlib import Path

import pytest
import trustme

from tests.support.lab import Lab
from tests.support.node_process import NodeProcess
from tests.support.talker import WITHIN


def write(issued: trustme.LeafCert, cert: Path, key: Path) -> None:
    """Put a certificate and its key where a node looks for them."""
    cert.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    key.write_bytes(issued.private_key_pem.bytes())


async def hang_up(node: NodeProcess, *said: str) -> None:
    """Send SIGHUP, and wait until the node has said all of this once more."""
    before = [node.log.count(text) for text in said]
    node.signal(signal.SIGHUP)
    async with asyncio.timeout(WITHIN):
        while any(node.log.count(text) <= count for text, count in zip(said, before, strict=True)):
            await asyncio.sleep(0.01)


async def shown(node: NodeProcess) -> bytes:
    """Return the certificate that a node shows to who comes now."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    _, writer = await asyncio.open_connection(*node.address, ssl=context)
    found: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    await writer.wait_closed()
    return found


def in_der(issued: trustme.LeafCert) -> bytes:
    return ssl.PEM_cert_to_DER_cert(issued.cert_chain_pems[0].bytes().decode())


async def test_a_renewed_certificate_is_shown_and_nobody_is_dropped(
    lab: Lab, tmp_path: Path
) -> None:
    authority = trustme.CA()
    old, new, other = (authority.issue_cert("localhost") for _ in range(3))
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    write(old, cert, key)
    node = await lab.node(None, "--tls-cert", str(cert), "--tls-key", str(key))
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    ana = await lab.connect(node.address, tls=trusting)
    await ana.hello("ana")
    assert await shown(node) == in_der(old)
    write(new, cert, key)
    await hang_up(node, "certificate reloaded")
    assert await shown(node) == in_der(new)
    await ana.say("general", "still here", "1")
    # A key that is not the certificate's, then half a file: what was there goes on.
    key.write_bytes(other.private_key_pem.bytes())
    await hang_up(node, "keeping the old certificate", "is not the one of the certificate")
    cert.write_bytes(cert.read_bytes()[:100])
    await hang_up(node, "keeping the old certificate", "holds no PEM certificate")
    cert.unlink()
    await hang_up(node, "keeping the old certificate", "cannot be read: No such file")
    assert await shown(node) == in_der(new)
    bo = await lab.connect(node.address, tls=trusting)
    await bo.hello("bo")
    await ana.expect("entered", nick="bo")
    assert not ana.seen("bye")


async def test_tokens_are_read_anew_and_the_old_one_may_stay_for_a_while(
    lab: Lab, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text("first secret\n")
    node = await lab.node(None, "--token-file", str(file), "--nodes", "2")
    ana = await lab.connect(node.address)
    await ana.hello("ana", token="first secret")
    file.write_text("first secret\nsecond secret\n")
    await hang_up(node, "tokens reloaded")
    for number, token in enumerate(("first secret", "second secret")):
        for address in node.addresses:
            talker = await lab.connect(address)
            await talker.hello(f"t{number}-{address.port}", token=token)
    file.write_text("second secret\n")
    await hang_up(node, "tokens reloaded")
    late = await lab.connect(node.address)
    await late.refused("hello", "bad-token", nick="late", token="first secret")
    await late.refused("hello", "bad-token", nick="late")
    # Without a token everybody would get in: an empty file is a mistake.
    file.write_text("\n")
    await hang_up(node, "keeping the old tokens")
    file.unlink()
    await hang_up(node, "keeping the old tokens", "No such file")
    await late.refused("hello", "bad-token", nick="late")
    await late.hello("late", token="second secret")
    await ana.say("general", "still here", "1")
    assert "secret" not in node.log


async def test_a_file_that_became_a_pipe_holds_up_nothing(lab: Lab, tmp_path: Path) -> None:
    authority = trustme.CA()
    cert, key, token = (tmp_path / name for name in ("cert.pem", "key.pem", "token"))
    write(authority.issue_cert("localhost"), cert, key)
    token.write_text("secret\n")
    flags = ("--tls-cert", str(cert), "--tls-key", str(key), "--token-file", str(token))
    node = await lab.node(None, *flags, "--drain", "0")
    before = await shown(node)
    for path in (token, key):
        path.unlink()
        os.mkfifo(path)
    await hang_up(
        node, "keeping the old certificate", "keeping the old tokens", "not a regular file"
    )
    assert await shown(node) == before
    node.terminate()
    assert await node.wait(0 + 5) == 0


@pytest.mark.parametrize("flags", [(), ("--token", "geheim")])
async def test_without_files_a_hang_up_changes_nothing(lab: Lab, flags: tuple[str, ...]) -> None:
    node = await lab.node(None, *flags)
    ana = await lab.member(node.address, "ana", token="geheim")
    await hang_up(node, "reloading certificate, tokens and accounts")
    await ana.say("general", "still here", "1")
    await lab.member(node.address, "bo", token="geheim")
