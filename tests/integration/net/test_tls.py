"""TLS: versions and ciphers, trust, and which file an error names."""

import asyncio
import ssl
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from node.net.tls import server_context


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def files(authority: trustme.CA, tmp_path: Path) -> tuple[str, str]:
    return issue(authority, tmp_path, "node")


def issue(authority: trustme.CA, folder: Path, name: str) -> tuple[str, str]:
    """Return the paths of a new certificate for localhost and of its key."""
    issued = authority.issue_cert("localhost")
    cert, key = folder / f"{name}.pem", folder / f"{name}.key"
    for number, blob in enumerate(issued.cert_chain_pems):
        blob.write_to_path(str(cert), append=number > 0)
    issued.private_key_pem.write_to_path(str(key))
    return str(cert), str(key)


async def greet(server_side: ssl.SSLContext, client_side: ssl.SSLContext) -> str:
    """Return the version that a client and a server agree on, having passed a line."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=server_side)
    try:
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=client_side, server_hostname="localhost"
        )
        writer.write(b"hello\n")
        assert await reader.readline() == b"hello\n"
        found: str = writer.get_extra_info("ssl_object").version()
        writer.close()
        await writer.wait_closed()
        return found
    finally:
        server.close()


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_client_that_trusts_the_authority_gets_through(
    authority: trustme.CA, files: tuple[str, str], newest: ssl.TLSVersion
) -> None:
    client_side = ssl.create_default_context()
    authority.configure_trust(client_side)
    client_side.maximum_version = newest
    version = await greet(server_context(*files), client_side)
    assert version == newest.name.replace("_", ".")


def test_nothing_older_and_nothing_weak_is_offered(files: tuple[str, str]) -> None:
    context = server_context(*files)
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    names = [cipher["name"] for cipher in context.get_ciphers()]
    assert names
    assert all(name.startswith(("TLS_", "ECDHE-")) for name in names)
    assert not any("SHA1" in name or "CBC" in name for name in names)


def test_files_that_are_not_there_are_named(files: tuple[str, str], tmp_path: Path) -> None:
    cert, key = files
    missing = str(tmp_path / "missing")
    with pytest.raises(ValueError, match="certificate .*missing cannot be read: No such file"):
        server_context(missing, key)
    with pytest.raises(ValueError, match="key .*missing cannot be read: No such file"):
        server_context(cert, missing)


def test_files_that_are_no_pem_are_named(files: tuple[str, str], tmp_path: Path) -> None:
    cert, key = files
    noise = tmp_path / "noise"
    noise.write_bytes(b"\0noise")
    with pytest.raises(ValueError, match="noise holds no PEM certificate"):
        server_context(str(noise), key)
    with pytest.raises(ValueError, match="noise holds no PEM key"):
        server_context(cert, str(noise))


def test_the_key_of_another_certificate_is_named(
    authority: trustme.CA, files: tuple[str, str], tmp_path: Path
) -> None:
    _, other = issue(authority, tmp_path, "other")
    with pytest.raises(ValueError, match=r"other\.key is not the one of"):
        server_context(files[0], other)


def test_an_encrypted_key_is_refused_rather_than_asked_about(
    files: tuple[str, str], tmp_path: Path
) -> None:
    cert, key = files
    plain = serialization.load_pem_private_key(Path(key).read_bytes(), None)
    locked = tmp_path / "locked.key"
    locked.write_bytes(
        plain.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"password"),
        )
    )
    with pytest.raises(ValueError, match=r"locked\.key is encrypted"):
        server_context(cert, str(locked))
