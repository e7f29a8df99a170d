"""Files that are read again while a node runs: by a thread, and one after the other."""

import asyncio
import hashlib
import threading
from pathlib import Path

from node.auth.credentials import Credentials
from node.config import settings

WITHIN = 30.0


async def test_a_file_that_is_slow_to_read_blocks_nothing_and_is_read_once_more(
    tmp_path: Path,
) -> None:
    file = tmp_path / "tokens"
    file.write_text("first\n")
    credentials = Credentials(settings.parse(["--token-file", str(file)], {}))
    answers, read = threading.Event(), credentials._read
    reads: list[bool] = []

    def slowly() -> list[object]:
        found = read()
        reads.append(answers.wait(WITHIN))
        return list(found)

    setattr(credentials, "_read", slowly)
    taken = asyncio.Semaphore(0)
    credentials.reload(taken.release)
    for text in ("second\n", "third\n"):
        file.write_text(text)
        credentials.reload(taken.release)
    answers.set()
    async with asyncio.timeout(WITHIN):
        for _ in range(2):
            await taken.acquire()
    assert credentials.tokens == (hashlib.sha256(b"third").digest(),) and reads == [True, True]
