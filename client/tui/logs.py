"""Starts the logs of a chat; loaded only if the settings ask for them."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from client.api.chat import Chat
from client.cli.log_files import LogFiles, file_name, log_folder
from client.text.sanitize import safe_line
from client.tui.buffers import Buffers
from client.tui.chat_log import ChatLog
from client.tui.event_actions import Logs
from client.tui.filters import Filters
from client.tui.notices import Notices


def start_logs(
    chat: Chat,
    buffers: Buffers,
    filters: Filters,
    notices: Notices,
    server: str,
    clock: Callable[[], int],
) -> Logs | None:
    """Start the logs of a chat with a server; None, with an error, without a place for them.

    ``clock`` returns Unix milliseconds.
    """
    folder = log_folder()
    if folder is None:
        notices.error("Nothing is logged: there is no home directory.")
        return None
    loop = asyncio.get_running_loop()

    def failed(why: str) -> None:
        with suppress(RuntimeError):  # the loop is closed
            said = f"The log cannot be written: {safe_line(why)}."
            loop.call_soon_threadsafe(notices.error, said)

    name = file_name(server.replace(":", "_")).removesuffix(".log")
    files = LogFiles(folder / name, failed)
    return Logs(ChatLog(chat, buffers, filters, files.write, clock).take, files.finish)
