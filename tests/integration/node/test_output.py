"""What prints something ends in one line, or in none, if the output cannot be written."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

COMPLETION = [sys.executable, "-m", "node", "--completion", "bash"]


def test_a_reader_that_goes_away_is_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(COMPLETION, stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_an_output_that_is_full_is_named() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(COMPLETION, stdout=full, stderr=subprocess.PIPE, text=True)
    error = "chat-node: the output cannot be written: No space left on device\n"
    assert (done.returncode, done.stderr) == (1, error)
