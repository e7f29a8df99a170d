"""A bash that completes what one typed."""

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
