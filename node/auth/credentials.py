"""The credentials of a process, which can be reloaded: certificate, tokens, accounts."""

import asyncio
import hashlib
import logging
import os
import ssl
import stat
import threading
from collections.abc import Callable
from functools import partial

from node.auth import accounts_file
from node.config import parsers
from node.config.settings import Settings
from node.net import tls

log = logging.getLogger(__name__)


class Credentials:
    """The TLS certificate, the digests of the valid tokens, and the accounts.

    Raises ValueError if the certificate, its key or the file of accounts is invalid.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._reading = self._again = False
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

    def reload(self, then: Callable[[], None]) -> None:
        """Read the files again in a thread, then call ``then`` in the loop.

        If a file is invalid, that is logged, and what was read from it before stays. The loop does
        not wait for the files: a disk may hang.
        """
        if self._reading:
            self._again = True
            log.warning("a reload is under way; the files are read again after it")
            return
        self._reading = True
        log.info("reloading certificate, tokens and accounts from their files")
        loop = asyncio.get_running_loop()

        def settle(found: list[Callable[[], None]]) -> None:
            for take in found:
                take()
            then()
            self._reading = False
            if self._again:
                self._again = False
                self.reload(then)

        def work() -> None:
            found = self._read()
            try:
                loop.call_soon_threadsafe(settle, found)
            except RuntimeError:
                pass  # the loop is closed

        threading.Thread(target=work, name="reload", daemon=True).start()

    def _read(self) -> list[Callable[[], None]]:
        """Read the files; return functions that apply the results, to be called in the loop."""
        settings = self._settings
        found: list[Callable[[], None]] = []
        cert, key = settings.tls_cert, settings.tls_key
        if cert and key:
            try:
                found.append(partial(self._take_certificate, cert, _context(cert, key)))
            except (ValueError, OSError) as error:
                found.append(partial(log.error, "keeping the old certificate: %s", error))
        if settings.token_file is not None:
            path = settings.token_file.path
            try:
                tokens = parsers.token_file(_regular(path)).tokens
                found.append(partial(self._take_tokens, path, tokens))
            except ValueError as error:
                found.append(partial(log.error, "keeping the old tokens: %s: %s", path, error))
        if settings.accounts is not None:
            path = settings.accounts
            try:
                found.append(partial(self._take_accounts, path, _accounts(_regular(path))))
            except ValueError as error:
                found.append(partial(log.error, "keeping the old accounts: %s: %s", path, error))
        return found

    def _take_certificate(self, path: str, context: ssl.SSLContext) -> None:
        self.tls = context
        log.info("certificate reloaded", extra={"file": path})

    def _take_tokens(self, path: str, tokens: tuple[str, ...]) -> None:
        self.tokens = _digests(tokens)
        log.info("tokens reloaded", extra={"file": path, "count": len(tokens)})

    def _take_accounts(self, path: str, found: dict[str, tuple[str, str]]) -> None:
        self.accounts = found
        log.info("accounts reloaded", extra={"file": path})


def _context(cert: str, key: str) -> ssl.SSLContext:
    for path in (cert, key):
        try:
            _regular(path)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None
    return tls.server_context(cert, key)


def _regular(path: str) -> str:
    """Return a path. Raises ValueError if reading it may never end, as with a pipe."""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return path  # the caller finds the same error when it reads the file
    if not stat.S_ISREG(mode):
        raise ValueError("it is not a regular file any more")
    return path


def _accounts(path: str) -> dict[str, tuple[str, str]]:
    """Return nick and hash of each account, by each key that its nick reserves."""
    found = accounts_file.by_claim(accounts_file.read(path))
    return {name: (account.nick, account.hash) for name, account in found.items()}


def _digests(tokens: tuple[str, ...]) -> tuple[bytes, ...]:
    return tuple(hashlib.sha256(token.encode()).digest() for token in tokens)
