"""The interactive screen: what is said above, a prompt below that it does not tear."""

import asyncio
import random
import signal
import time

from prompt_toolkit import PromptSession
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.patch_stdout import patch_stdout

from client.connection import Chat
from client.conversation import Conversation
from client.errors import ChatError, NickRefused
from client.names import with_suffix
from client.options import Options, login_nick
from client.safe import safe_word


async def run(options: Options) -> int:
    """Talk until the person leaves; return the exit status. Raises Refused for a bad option."""
    prompt: PromptSession[str] = PromptSession(erase_when_done=True, key_bindings=_keys())
    with patch_stdout():
        try:
            nick = options.nick or await prompt.prompt_async("Nick: ", default=login_nick())
        except EOFError:
            return 0
        terminal = Terminal(prompt)
        chat = options.connect(nick.strip(), rename=terminal.rename)
        return await terminal.run(chat)


class Terminal:
    """A conversation on a screen."""

    def __init__(self, prompt: PromptSession[str]) -> None:
        self._prompt = prompt
        self._conversation: Conversation | None = None
        self._is_talking = False

    async def run(self, chat: Chat) -> int:
        """Connect, and talk until the person leaves; return the exit status."""
        self._conversation = Conversation(chat, print, time.monotonic)
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._leave)
        chat.start()
        tasks = [
            asyncio.create_task(self._show_all(chat)),
            asyncio.create_task(self._talk(chat)),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except ChatError as error:
            print(f"! {error}")
            return 1
        except EOFError:  # asked for another nick, the person left
            return 0
        finally:
            loop.remove_signal_handler(signal.SIGTERM)
            tasks[1].cancel()
            await chat.close()  # which ends the other one
            await asyncio.gather(*tasks, return_exceptions=True)
        return 0

    async def rename(self, refused: NickRefused) -> str:
        """Ask for another nick; while one talks the prompt is taken, and a suffix has to do."""
        if self._is_talking and self._conversation:
            return with_suffix(self._conversation.nick, random.random)
        print(f"! {refused}")
        return (await self._prompt.prompt_async("Nick: ")).strip()

    async def _show_all(self, chat: Chat) -> None:
        assert self._conversation
        async for received in chat.received():
            if received.event is not None and not received.is_end:
                self._conversation.show(received.event)
                self._prompt.app.invalidate()

    async def _talk(self, chat: Chat) -> None:
        conversation = self._conversation
        assert conversation
        await chat.ready()
        self._is_talking = True
        while True:
            try:
                line = await self._prompt.prompt_async(
                    lambda: f"{safe_word(conversation.room or '')}> ",
                    bottom_toolbar=lambda: _plain(conversation.toolbar),
                )
            except EOFError:
                return
            if not conversation.take(line):
                return

    def _leave(self) -> None:
        if self._prompt.app.is_running:
            self._prompt.app.exit(exception=EOFError)


def _keys() -> KeyBindings:
    keys = KeyBindings()

    @keys.add("c-c")
    @keys.add("<sigint>")
    def _(press: KeyPressEvent) -> None:
        """Throw away what was typed; with nothing typed, leave."""
        if press.current_buffer.text:
            press.current_buffer.reset()
        else:
            press.app.exit(exception=EOFError)

    return keys


def _plain(text: str) -> StyleAndTextTuples:
    return [("", text)]
