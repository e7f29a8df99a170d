"""What is wrong when only one of client and node speaks TLS, or a certificate is not trusted."""

import asyncio
import ssl

from client.protocol.errors import Unreachable
from client.transport.addresses import Address
from client.transport.runtime import Runtime
from client.transport.stream import LineTransport
from wire.codec import encode
from wire.messages import Ping

PROBED_WITHIN = 3.0
"""Seconds for a second connection that tries the other kind."""
_SIGNED = "--ca FILE has to name the authority that signed it."
_NAMED = "Connect by a name that it is for, or give the node one that is for this name."
_DATED = "The node needs another one, unless the clock of this machine is wrong."
_HELP = {9: _DATED, 10: _DATED, 62: _NAMED, 64: _NAMED}
"""What helps, by OpenSSL's X509_V_ERR_CERT_NOT_YET_VALID, _HAS_EXPIRED, _HOSTNAME_MISMATCH and
_IP_ADDRESS_MISMATCH; --ca does not."""
_BY_HANDSHAKE = (ssl.SSLError, ConnectionAbortedError, ConnectionResetError)
"""How a handshake fails at a node that does not speak TLS: its answer is no record of TLS, or the
time is up, because no line ended in what it read."""


def raise_if_untrusted(error: OSError, address: Address) -> None:
    """Raise Unreachable for a certificate that cannot be verified: waiting would not help."""
    if isinstance(error, ssl.SSLCertVerificationError):
        raise Unreachable(
            f"The certificate of the node at {address} cannot be verified:"
            f" {error.verify_message.rstrip('.')}. {_HELP.get(error.verify_code, _SIGNED)}"
        ) from error


async def raise_if_only_client_has_it(error: OSError, address: Address, runtime: Runtime) -> None:
    """Raise Unreachable if a handshake failed because the node does not speak TLS."""
    if not isinstance(error, _BY_HANDSHAKE) or isinstance(error, ssl.SSLCertVerificationError):
        return
    if await _answers(address, runtime, tls=False):
        raise Unreachable(
            f"This client speaks TLS, but the node at {address} does not: start the client without"
            " --tls and --ca, or the node with --tls-cert and --tls-key."
        ) from error


async def raise_if_only_node_has_it(address: Address, runtime: Runtime) -> None:
    """Raise Unreachable if a node that said nothing speaks TLS."""
    if await _answers(address, runtime, tls=True):
        raise Unreachable(
            f"The node at {address} speaks TLS, but this client does not: start the client with"
            " --tls, or with --ca FILE for a certificate of your own authority."
        )


async def _answers(address: Address, runtime: Runtime, *, tls: bool) -> bool:
    """Return whether the node answers with TLS, or without. Nothing secret is sent."""
    try:
        return await runtime.within(PROBED_WITHIN, _probe(address, runtime, tls))
    except OSError:  # TimeoutError is one of them
        return False


async def _probe(address: Address, runtime: Runtime, tls: bool) -> bool:
    answered: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    made: list[LineTransport] = []

    def take(lines: list[bytes]) -> None:
        if any(line.startswith(b"{") for line in lines) and not answered.done():
            answered.set_result("")

    def make() -> LineTransport:
        made.append(LineTransport(take))
        return made[-1]

    try:
        link = await runtime.open(make, address.host, address.port, _any_node() if tls else None)
        if tls:
            return True  # the handshake is done
        link.write(encode(Ping()))
        link.resume()
        await asyncio.wait([answered, link.closed], return_when=asyncio.FIRST_COMPLETED)
        return answered.done()
    finally:
        for each in made:
            each.end("it was only tried")


def _any_node() -> ssl.SSLContext:
    """Return a context without a check of certificates, to see whether there is TLS at all."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
