"""The node's side of TLS."""

import ssl

# For TLS 1.2: ciphers with forward secrecy and authenticated encryption (RFC 9325). TLS 1.3 has its
# own.
_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"


def server_context(cert: str, key: str) -> ssl.SSLContext:
    """Return a context for TLS 1.2 and later with the certificate chain and key of two PEM files.

    Raises ValueError, whose text names the bad file.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_CIPHERS)
    _check_readable(cert, "certificate")
    _check_readable(key, "key")
    try:
        context.load_cert_chain(cert, key, password=_refuse_password)
    except _EncryptedKey:
        raise ValueError(
            f"the key in {key} is encrypted; a node cannot ask for its password"
        ) from None
    except ssl.SSLError as error:
        raise ValueError(_explain(cert, key, error)) from None
    return context


class _EncryptedKey(Exception):
    pass


def _refuse_password() -> str:
    """Called by OpenSSL, which would else ask at the terminal, and the node would hang."""
    raise _EncryptedKey


def _check_readable(path: str, what: str) -> None:
    try:
        with open(path, "rb") as file:
            file.read(1)
    except OSError as error:
        raise ValueError(f"the {what} {path} cannot be read: {error.strerror}") from None


def _explain(cert: str, key: str, error: ssl.SSLError) -> str:
    """Return which file is bad: OpenSSL does not say, so try the certificate alone."""
    if error.reason in ("KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH"):
        return f"the key in {key} is not the one of the certificate in {cert}"
    try:
        ssl.create_default_context().load_verify_locations(cert)
    except ssl.SSLError:
        return f"{cert} holds no PEM certificate"
    return f"{key} holds no PEM key that fits, or {cert} is too weak a certificate ({error.reason})"


def explained(error: ssl.SSLError) -> str:
    """Return in lower case what OpenSSL calls the reason of a failed handshake."""
    return (error.reason or str(error)).replace("_", " ").lower()
