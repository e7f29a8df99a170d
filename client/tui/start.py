"""Starts the interactive client, and asks for what a node needs: nick, password, token."""

import os
import sys

from msgspec.structs import replace

from client.cli.options import Options, login_nick
from client.cli.plain import fitted
from client.cli.session_store import default_folder, open_store
from client.protocol.errors import NickRefused, RequestRefused
from client.text.sanitize import safe_line, safe_word
from client.tui.app import App, now_ms
from client.tui.keeper import Keeper
from wire.errors import Code

MOST_TOKENS = 3
"""Tokens that are asked for before the client gives up."""


async def run(options: Options) -> int:
    """Run until the user quits; return the exit status.

    Raises RequestRefused for a bad option.
    """
    if os.environ.get("TERM") == "dumb":
        why = "chat: TERM=dumb cannot show a full screen; use --listen instead."
        print(fitted(why, 2), file=sys.stderr)
        return 2
    nick, asked, typed, tokens = options.nick, False, "", 0
    folder = default_folder()
    while True:
        if nick is None:
            asked = True
            nick = await _ask_nick(login_nick(), typed)
            if nick is None:
                return 0
        store = open_store(folder, options.addresses, nick)
        keeper = Keeper(store, options.settings_path if asked else None, now_ms)
        app = App(options, nick, keeper)
        status = await app.run()
        if (refused := app.refused) is None:
            return status
        if refused.code == Code.BAD_REQUEST:  # what an earlier client kept is not understood
            folder = None
            continue
        print(fitted(f"! {_why(refused, options)}", 1))
        if refused.code == Code.BAD_TOKEN:
            tokens += 1
            token = await _ask_token() if tokens <= MOST_TOKENS else ""
            if not token:
                return 1
            options = replace(options, token=token)
        elif isinstance(refused, NickRefused) and refused.account:
            options = replace(options, password=await _ask_password(nick))
            typed, nick = nick, nick if options.password else None
        else:
            typed, nick = nick, None


def _why(refused: RequestRefused, options: Options) -> str:
    if refused.code == Code.BAD_TOKEN and options.token is None:
        return "The nodes require a token."  # a node says only that it got none that fits
    return safe_line(refused.text)


async def _ask_nick(default: str, typed: str) -> str | None:
    """Return a nick, None if the user gives up; ``typed`` was refused, and can be edited."""
    answer = await _ask(f"Nick [{safe_word(default)}]: ", typed=typed)
    return None if answer is None else answer.strip() or default


async def _ask_password(nick: str) -> str | None:
    question = f"Password for {safe_word(nick)} (leave empty to choose another nick): "
    return await _ask(question, is_secret=True) or None


async def _ask_token() -> str:
    return await _ask("Token of the nodes (leave empty to quit): ", is_secret=True) or ""


async def _ask(question: str, *, typed: str = "", is_secret: bool = False) -> str | None:
    """Return the answer, None if the user gives up. A secret is not shown."""
    # Imported here because it loads slowly, and is only needed for a question.
    from prompt_toolkit import PromptSession

    session: PromptSession[str] = PromptSession()
    try:
        asked = fitted(question.rstrip(), 1) + " "
        return await session.prompt_async(asked, default=typed, is_password=is_secret)
    except (EOFError, KeyboardInterrupt):
        return None
