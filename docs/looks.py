"""Writes node/core/names/confusables_data.py: which characters look like which, and their scripts.

    python docs/looks.py

The facts are Unicode's (UTS 39 and UAX 24), as ICU 72 holds them (Debian: libicu72). Needed again
only for a newer Unicode: raise ICU then. Nothing of this is installed, and no node needs ICU.
"""

import ctypes
import sys
from collections.abc import Iterator
from pathlib import Path
from unicodedata import category, normalize

ICU = 72
UNICODE = "15.0"
TABLE = Path(__file__).parents[1] / "node" / "core" / "names" / "confusables_data.py"
LINE = 98

HEADER = f'''"""What docs/looks.py made of Unicode {UNICODE}; do not edit.

Data of UTS 39 (confusables) and UAX 24 (scripts), (c) Unicode, Inc., under the Unicode License v3:
https://www.unicode.org/license.txt
"""
'''

_i18n = ctypes.CDLL(f"libicui18n.so.{ICU}")
_uc = ctypes.CDLL(f"libicuuc.so.{ICU}")
_open = _i18n[f"uspoof_open_{ICU}"]
_open.restype = ctypes.c_void_p
_skeleton = _i18n[f"uspoof_getSkeletonUTF8_{ICU}"]
_extensions = _uc[f"uscript_getScriptExtensions_{ICU}"]
_short_name = _uc[f"uscript_getShortName_{ICU}"]
_short_name.restype = ctypes.c_char_p


def characters() -> Iterator[str]:
    """Return what a nick may hold beside ASCII, once it is decomposed."""
    for number in range(128, sys.maxunicode + 1):
        character = chr(number)
        kind = category(character)
        if kind[0] in "LM" or kind == "Nd":
            if normalize("NFKD", character) == character:
                yield character


def looks_of(character: str, checker: int) -> str:
    """Return what a character looks like, in small letters, as it is typed: m, not rn."""
    found = ctypes.create_string_buffer(256)
    data, error = character.encode(), ctypes.c_int(0)
    length = _skeleton(
        ctypes.c_void_p(checker), 0, data, len(data), found, 256, ctypes.byref(error)
    )
    assert error.value <= 0, error.value
    text = found.raw[:length].decode().casefold().replace("rn", "m")
    return "".join(c for c in normalize("NFD", text) if category(c)[0] in "LMNPS")


def scripts_of(character: str) -> str:
    """Return the scripts that a character is used in, sorted; '' for those of all."""
    found, error = (ctypes.c_int * 64)(), ctypes.c_int(0)
    count = _extensions(ord(character), found, 64, ctypes.byref(error))
    assert error.value <= 0, error.value
    names = {_short_name(found[place]).decode() for place in range(count)}
    return "" if names & {"Zyyy", "Zinh"} else "+".join(sorted(names))


def ranges(numbers: list[int]) -> Iterator[str]:
    """Return numbers in hexadecimal, neighbours as FIRST-LAST."""
    start = last = numbers[0]
    for number in [*numbers[1:], -1]:
        if number != last + 1:
            yield f"{start:x}-{last:x}" if last > start else f"{start:x}"
            start = number
        last = number


def block(name: str, what: str, rows: dict[str, list[int]]) -> Iterator[str]:
    """Return the lines of a constant: words of the form KEY=NUMBERS."""
    words = (f"{key}={','.join(ranges(numbers))}" for key, numbers in sorted(rows.items()))
    lines = [""]
    for word in words:
        while word:
            room = LINE - len(lines[-1])
            # Only between numbers may a long word be cut: the rest gets the key once more.
            cut = len(word) if len(word) < room else word.rfind(",", 0, room)
            if cut < 0:
                assert lines[-1], word
                lines.append("")
                continue
            lines[-1] = f"{lines[-1]} {word[:cut]}".lstrip()
            word = f"{word.partition('=')[0]}={rest}" if (rest := word[cut + 1 :]) else ""
    return iter([f'\n{name} = """', *lines, '"""', f'"""{what}"""'])


def main() -> None:
    """Write the table."""
    error = ctypes.c_int(0)
    checker = _open(ctypes.byref(error))
    looks: dict[str, list[int]] = {}
    scripts: dict[str, list[int]] = {}
    for character in characters():
        target = looks_of(character, checker)
        if target and target != character.casefold():
            key = "+".join(f"{ord(c):x}" for c in target)
            looks.setdefault(key, []).append(ord(character))
        if names := scripts_of(character):
            scripts.setdefault(names, []).append(ord(character))
    lines = [HEADER, f'UNICODE = "{UNICODE}"']
    lines += block("LOOKS", "What is looked like=the characters that look so.", looks)
    lines += block("SCRIPTS", "Scripts=the characters that are used in these alone.", scripts)
    TABLE.write_text("\n".join(lines) + "\n", "ascii")


if __name__ == "__main__":
    main()
