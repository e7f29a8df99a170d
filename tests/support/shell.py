"""Shells that complete a command line."""

import os
import shlex
import subprocess
from pathlib import Path


def complete_in_bash(script: str, words: list[str], cwd: Path) -> set[str]:
    """Return how bash would complete the last of ``words``, by a script for the first of them."""
    program = f"""
        {script}
        COMP_WORDS=({shlex.join(words)}) COMP_CWORD={len(words) - 1}
        $(complete -p {words[0]} | sed 's/.* -F \\([^ ]*\\) .*/\\1/')
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(
        ["bash", "-c", program], cwd=cwd, capture_output=True, text=True, timeout=60, check=True
    )
    return set(done.stdout.split())


def complete_in_fish(script: str, words: list[str], cwd: Path) -> set[str]:
    """Return how fish would complete the last of ``words``, by a script for the first of them."""
    program = f"{script}\ncomplete -C {shlex.quote(' '.join(words))}"
    environment = os.environ | {"HOME": str(cwd), "XDG_CONFIG_HOME": str(cwd)}
    done = subprocess.run(
        ["fish", "--no-config", "-c", program],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return {line.partition("\t")[0] for line in done.stdout.splitlines()}
