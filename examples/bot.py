"""A bot that answers ``!roll 2d6`` and ``!seen NICK``: ``python examples/bot.py ROOM ADDRESS...``

It has no state, so it may be restarted at any time; ``connect`` does the rest.
"""

import asyncio
import logging
import random
import re
import sys
import time
from contextlib import suppress

from client import Chat, ChatError, Message, RequestRefused, connect

USAGE = "usage: python examples/bot.py ROOM [HOST:PORT ...]"


async def answer(chat: Chat, room: str, text: str) -> str | None:
    """Return the answer to ``text``, None if it is no question."""
    if roll := re.fullmatch(r"!roll ([1-9]?)d([1-9]\d{0,3})", text):
        dice = [random.randint(1, int(roll[2])) for _ in range(int(roll[1] or 1))]
        return f"{' + '.join(map(str, dice))} = {sum(dice)}"
    if seen := re.fullmatch(r"!seen (\S{1,64})", text):
        said = (await chat.history(room, limit=200)).messages
        last = next((each.at for each in reversed(said) if each.from_ == seen[1]), None)
        when = f"{(time.time() - last / 1000) / 60:.0f} min ago" if last else "not lately"
        return f"{seen[1]} spoke here {when}"
    return None


async def main(room: str, *addresses: str) -> None:
    """Answer until interrupted, on whichever node is there."""
    async with connect(addresses, nick="dice", rooms=[room], patience=None) as chat:
        async for event in chat:
            if isinstance(event, Message) and event.from_ != chat.nick:
                with suppress(RequestRefused):  # then the question stays unanswered
                    if reply := await answer(chat, event.room, event.text):
                        await chat.send(event.room, reply)


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(USAGE)
    logging.basicConfig(format="bot.py: %(message)s", level=logging.INFO)  # tells of lost nodes
    with suppress(KeyboardInterrupt):
        try:
            asyncio.run(main(*sys.argv[1:]))
        except (ChatError, ValueError) as error:  # refused, ended by a node, or an invalid address
            sys.exit(f"bot.py: {error}")
