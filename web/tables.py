"""Writes the JavaScript modules that repeat tables of ``wire``: ``python -m web.tables``."""

import json
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

import msgspec
from msgspec.structs import FieldInfo, fields

from wire import limits
from wire.errors import CODES, REASONS
from wire.messages import DEFAULT_ROOM, INBOX, PROTOCOL, AnyEvent

SDK = Path(__file__).parent / "sdk"
_HEAD = "// Written by `python -m web.tables` from the package wire: do not edit.\n"
_KINDS: dict[Any, str] = {str: "string", int: "number", bool: "boolean", list: "array"}


def modules() -> dict[str, str]:
    """Return the source of each module by its file name."""
    return {"limits.js": _limits(), "codes.js": _codes(), "events.js": _events()}


def write() -> None:
    """Write the modules into the folder of the SDK."""
    for name, source in modules().items():
        (SDK / name).write_text(source, encoding="utf-8")


def _limits() -> str:
    named = {name: value for name, value in vars(limits).items() if name.isupper()}
    lines = [f"export const {name} = {json.dumps(value)};" for name, value in named.items()]
    names = {"PROTOCOL": PROTOCOL, "DEFAULT_ROOM": DEFAULT_ROOM, "INBOX": INBOX}
    lines += [f"export const {name} = {json.dumps(value)};" for name, value in names.items()]
    about = "/** Limits of the protocol: lengths in UTF-8 bytes, times in seconds. */\n"
    return _HEAD + about + "\n".join(lines) + "\n"


def _codes() -> str:
    codes = {code.value: row.retry for code, row in CODES.items()}
    reasons = {reason.value: row.meaning for reason, row in REASONS.items()}
    return (
        _HEAD
        + "/** Whether the request that got this error code may succeed later. */\n"
        + f"export const CODES = new Map({_rows(codes)});\n"
        + "/** What the reasons of a `bye` mean. */\n"
        + f"export const REASONS = new Map({_rows(reasons)});\n"
    )


def _events() -> str:
    events = {
        str(kind.__struct_config__.tag): {
            field.encode_name: _kind_of(field) for field in fields(kind)
        }
        for kind in AnyEvent.__args__
    }
    return (
        _HEAD
        + "/** The fields of each event; those with ? are optional. */\n"
        + f"export const EVENTS = new Map({_rows(events)});\n"
    )


def _kind_of(field: FieldInfo) -> str:
    options = get_args(field.type) if get_origin(field.type) in (Union, UnionType) else [field.type]
    of = next(option for option in options if option is not type(None))
    kind = get_origin(of) or of
    name = _KINDS.get(kind) or ("object" if _is_struct(kind) else "string")
    return name if field.required else f"{name}?"


def _is_struct(kind: Any) -> bool:
    """Return whether a type is a struct."""
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _rows(table: dict[str, Any]) -> str:
    rows = [f"  {json.dumps(row, separators=(',', ':'))}," for row in table.items()]
    return "\n".join(["[", *rows, "]"])


if __name__ == "__main__":
    write()
