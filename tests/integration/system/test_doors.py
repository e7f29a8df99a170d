"""Ways in: TLS, a proxy that tells the client's address, a token from a file."""

import ssl
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

from tests.support.lab import Lab
from tests.support.node_process import NodeProcess
from tests.support.talker import Talker


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    """What a client needs to trust the node."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


async def secured(lab: Lab, authority: trustme.CA, folder: Path) -> NodeProcess:
    issued = authority.issue_cert("localhost")
    cert, key = str(folder / "cert.pem"), str(folder / "key.pem")
    for blob in issued.cert_chain_pems:
        blob.write_to_path(cert, append=True)
    issued.private_key_pem.write_to_path(key)
    return await lab.node(None, "--rate", "0", "--tls-cert", cert, CHAT_TLS_KEY=key)


async def test_a_client_talks_over_tls(
    lab: Lab, authority: trustme.CA, trusting: ssl.SSLContext, tmp_path: Path
) -> None:
    node = await secured(lab, authority, tmp_path)
    assert {what for what, _ in node.listeners} <= {"chat+tls", "web+tls"}
    ana = await lab.connect(node.address, tls=trusting)
    await ana.hello("ana")
    bo = await lab.connect(node.address, tls=trusting)
    await bo.hello("bo")
    await ana.expect("entered", nick="bo")
    text = "€" * 1365
    for number in range(100):
        ana.send("send", room="general", text=text, id=str(number))
    for number in range(100):
        assert (await bo.expect("message", id=str(number)))["text"] == text
    ana.send("quit")
    await ana.expect("bye", reason="quit")
    await ana.closed()
    # Broken in the middle, and broken at the end.
    bo.send_line(b"rubbish")
    await bo.expect("bye", reason="protocol")
    await bo.closed()


async def test_who_does_not_trust_or_does_not_speak_tls_stays_outside(
    lab: Lab, authority: trustme.CA, trusting: ssl.SSLContext, tmp_path: Path
) -> None:
    node = await secured(lab, authority, tmp_path)
    with pytest.raises(ssl.SSLCertVerificationError):
        await Talker.connect(node.address, tls=ssl.create_default_context())
    plain = await lab.connect(node.address)
    plain.send("hello", nick="mallory")
    await plain.closed()
    assert not plain.seen("welcome")
    honest = await lab.connect(node.address, tls=trusting)
    assert not (await honest.hello("mallory"))["resumed"]
    assert "Traceback" not in node.log


def version_1(source: str) -> bytes:
    return f"PROXY TCP4 {source} 127.0.0.1 40000 9999\r\n".encode()


def version_2(source: str, command: int = 1) -> bytes:
    octets = bytes(int(part) for part in source.split("."))
    addresses = octets + bytes((127, 0, 0, 1)) + struct.pack("!HH", 40000, 9999)
    return struct.pack("!12sBBH", b"\r\n\r\n\0\r\nQUIT\n", 0x20 | command, 0x11, 12) + addresses


@pytest.mark.parametrize("header", [version_1, version_2])
async def test_a_proxy_tells_the_clients_address(lab: Lab, header: Callable[[str], bytes]) -> None:
    node = await lab.node(None, "--proxy-protocol", "1")
    opening = header("203.0.113.7")
    ana = await lab.connect(node.address, opening=opening)
    await ana.hello("ana")
    await ana.say("general", "hi", "1")
    ana.send("quit")
    await ana.closed()
    assert "203.0.113.7" in node.log and "127.0.0.1:" not in node.log


async def test_a_header_may_come_in_pieces_or_not_at_all(lab: Lab) -> None:
    node = await lab.node(None, CHAT_PROXY_PROTOCOL="1")
    ana = await lab.connect(node.address)
    for number in range(len(header := version_1("203.0.113.8"))):
        ana.send_bytes(header[number : number + 1])
        await ana.drained()
    await ana.hello("ana")
    probe = await lab.connect(node.address, opening=version_2("0.0.0.0", command=0))
    assert (await probe.ask("ping"))["type"] == "pong"
    direct = await lab.member(node.address, "bo")
    assert (await direct.ask("members", room="general"))["members"] == ["ana", "bo"]


@pytest.mark.parametrize(
    "opening", [b"PROXY TCP4 nonsense\r\n", b"PROXY " + b"x" * 200, version_2("1.2.3.4", 7)]
)
async def test_a_broken_header_closes_the_connection(lab: Lab, opening: bytes) -> None:
    node = await lab.node(None, "--proxy-protocol", "1")
    talker = await lab.connect(node.address, opening=opening)
    talker.send("hello", nick="ana")
    await talker.closed()
    assert not talker.seen("welcome")
    await lab.member(node.address, "ana")


async def test_without_the_flag_a_header_is_no_protocol(lab: Lab) -> None:
    node = await lab.node(None)
    talker = await lab.connect(node.address, opening=version_1("203.0.113.9"))
    await talker.expect("error", code="bad-request")
    await talker.expect("bye", reason="protocol")
    await talker.closed()


async def test_a_token_may_stand_in_a_file(lab: Lab, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("open sesame\n", "utf-8")
    node = await lab.node(None, CHAT_TOKEN_FILE=str(file))
    talker = await lab.connect(node.address)
    await talker.refused("hello", "bad-token", nick="ana", token="open")
    await talker.hello("ana", token="open sesame")
    assert "sesame" not in node.log
