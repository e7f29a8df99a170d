"""What the package offers to programs."""

import re

import client
from tests.support.repository import read


def test_every_name_it_promises_is_there() -> None:
    assert all(hasattr(client, name) for name in client.__all__)


def test_programs_need_nothing_else() -> None:
    texts = [read(name) for name in ("examples/bot.py", "docs/bots.md")]
    texts.append(client.connect.__doc__ or "")
    for text in texts:
        assert re.search(r"^\s*from client import ", text, re.M)
        assert not re.search(r"^\s*(?:from|import) (?:client\.|wire)", text, re.M)
