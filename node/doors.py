"""Who may come in, and what may change of that while a node runs: certificate, tokens, accounts."""

import hashlib
import logging
import ssl

from node import accounts, values
from node.net import tls
from node.settings import Settings

log = logging.getLogger(__name__)


class Doors:
    """The certificate that is shown, the digests of the tokens that are good, and the accounts.

    Raises ValueError when the certificate or its key is no good, or the file of accounts.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.tls: ssl.SSLContext | None = None
        if settings.tls_cert and settings.tls_key:
            self.tls = tls.server_context(settings.tls_cert, settings.tls_key)
        self.tokens: tuple[bytes, ...] = ()
        if settings.token_file is not None:
            self.tokens = _digests(settings.token_file.tokens)
        elif settings.token is not None:
            self.tokens = _digests((settings.token,))
        self.accounts: dict[str, tuple[str, str]] | None = None
        if settings.accounts is not None:
            try:
                self.accounts = _accounts(settings.accounts)
            except ValueError as error:
                raise ValueError(f"the accounts in {settings.accounts}: {error}") from None

    def reload(self) -> None:
        """Read the files anew; what is no good any more leaves what was there, and is logged."""
        settings = self._settings
        log.info("reading certificate, tokens and accounts anew, where they are in files")
        if self.tls is not None:
            try:
                tls.reload(self.tls, settings.tls_cert or "", settings.tls_key or "")
            except (ValueError, OSError) as error:
                log.error("the old certificate stays: %s", error)
            else:
                log.info("a new certificate", extra={"file": settings.tls_cert})
        if settings.token_file is not None:
            path = settings.token_file.path
            try:
                tokens = values.token_file(path).tokens
            except ValueError as error:
                log.error("the old tokens stay: %s: %s", path, error)
            else:
                self.tokens = _digests(tokens)
                log.info("new tokens", extra={"file": path, "count": len(tokens)})

        if settings.accounts is not None:
            path = settings.accounts
            try:
                self.accounts = _accounts(path)
            except ValueError as error:
                log.error("the old accounts stay: %s: %s", path, error)
            else:
                log.info("new accounts", extra={"file": path})


def _accounts(path: str) -> dict[str, tuple[str, str]]:
    """Return nick and hash of each account, by each name that its nick takes up."""
    found = accounts.taken_up(accounts.read(path))
    return {name: (account.nick, account.hash) for name, account in found.items()}


def _digests(tokens: tuple[str, ...]) -> tuple[bytes, ...]:
    return tuple(hashlib.sha256(token.encode()).digest() for token in tokens)
