"""The same with atheris: inputs that reach new code are kept, and mutated further."""

import os
import sys
from pathlib import Path
from random import Random

import atheris

from tests.labs.fuzz import mutate

with atheris.instrument_imports(include=["wire", "node"]):
    from tests.labs.fuzz.target import Target


def run(seconds: float, seed: int, keep: Path) -> int:
    """Fuzz; libFuzzer ends the process by itself, with a status of its own if something broke."""
    seeds, target, rng = mutate.corpus(), Target(), Random(seed)

    def mutated(data: bytes, most: int, number: int) -> bytes:
        """Mutate as this protocol wants it; every third time as libFuzzer does."""
        if number % 3 == 0:
            return bytes(atheris.Mutate(data, most))
        return mutate.mutated(rng, [data] if data else seeds, most)[:most]

    def one(data: bytes) -> None:
        target.run(data)

    flags = [f"-max_total_time={seconds:.0f}", f"-seed={seed}", "-max_len=20000", "-timeout=20"]
    flags += [f"-artifact_prefix={keep}{os.sep}broken-", "-print_final_stats=1"]
    # The first directory gets what is new.
    atheris.Setup([sys.argv[0], *flags, str(keep), str(mutate.CORPUS)], one, custom_mutator=mutated)
    atheris.Fuzz()
    return 0
