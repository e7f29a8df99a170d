"""Encodes messages as JSON lines, and decodes them; decoding raises only ``WireError``."""

import json
from collections.abc import Callable
from typing import Any, NoReturn

import msgspec

from wire import limits
from wire.errors import Code, WireError
from wire.messages import AnyEvent, AnyRequest, Event, GetHistory, Hello, Request, Send, SendDirect

_encoder = msgspec.json.Encoder()
_requests: msgspec.json.Decoder[AnyRequest] = msgspec.json.Decoder(AnyRequest)
_events: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)

REQUEST_TYPES: frozenset[str] = frozenset(
    str(kind.__struct_config__.tag) for kind in AnyRequest.__args__
)
EVENT_TYPES: frozenset[str] = frozenset(
    str(kind.__struct_config__.tag) for kind in AnyEvent.__args__
)


def encode(message: Request | Event) -> bytes:
    r"""Return ``message`` as one line, ``\n`` included."""
    return _encoder.encode(message) + b"\n"


def encode_body(part: msgspec.Struct) -> bytes:
    """Return a struct as JSON without its opening brace, to append it to other fields."""
    return _encoder.encode(part)[1:]


def quote(name: str) -> bytes:
    """Return ``name`` as a JSON string."""
    return _encoder.encode(name)


def decode_request(line: bytes) -> AnyRequest:
    """Return the request in ``line`` (without its end).

    Everything is checked but the lengths of texts and names, which have error codes of their own.
    Raises WireError; it is fatal if the line is not UTF-8 or not one JSON object.
    """
    try:
        if not line.isascii():
            line.decode()
        request = _requests.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        _refuse(line, error, REQUEST_TYPES)
    if request.ref is not None:
        _check_length(request, "ref", request.ref, 1, limits.REF)
    if (check := _CHECKS.get(type(request))) is not None:
        check(request)
    return request


def decode_event(line: bytes) -> AnyEvent | None:
    """Return the event in ``line`` (without its end), None if its type is unknown.

    Raises WireError if it is no event.
    """
    try:
        return _events.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        try:
            _refuse(line, error, EVENT_TYPES)
        except WireError as refusal:
            if refusal.code is Code.UNKNOWN_TYPE:
                return None
            raise


def _check_id(request: Send | SendDirect) -> None:
    # A short id fits without encoding it.
    if request.id is not None and not 0 < len(request.id) <= limits.ID // 4:
        _check_length(request, "id", request.id, 1, limits.ID)


def _check_hello(request: Hello) -> None:
    if request.key is not None:
        _check_length(request, "key", request.key, limits.KEY_MIN, limits.KEY_MAX)


def _check_history(request: GetHistory) -> None:
    if None not in (request.before, request.after):
        raise _wrong(request, "A request for history has before or after, not both.")


_CHECKS: dict[type, Callable[[Any], None]] = {
    Send: _check_id,
    SendDirect: _check_id,
    Hello: _check_hello,
    GetHistory: _check_history,
}


def _check_length(request: Request, name: str, value: str, least: int, most: int) -> None:
    if not least <= len(value.encode()) <= most:
        raise _wrong(request, f"The field {name} is {least} to {most} bytes of UTF-8 long.")


def _wrong(request: Request, text: str) -> WireError:
    fields = msgspec.structs.asdict(request)
    return WireError(
        Code.BAD_REQUEST, text, type=str(request.__struct_config__.tag), **_legible(fields)
    )


def _refuse(line: bytes, error: Exception, known: frozenset[str]) -> NoReturn:
    """Raise the WireError for a line that could not be decoded.

    This second, slow pass distinguishes a line that is no JSON object from an object with wrong
    fields, or with a lone surrogate (which msgspec refuses but RFC 8259 allows), and finds the
    ``ref``.
    """
    try:
        found = json.loads(line.decode(), parse_constant=_no_constant, parse_int=float)
    except UnicodeDecodeError:
        raise WireError(Code.BAD_REQUEST, "The line is not UTF-8.", fatal=True) from None
    except RecursionError:
        # RFC 8259, section 9: an implementation may limit the depth of nesting.
        raise WireError(Code.BAD_REQUEST, "The JSON is nested too deep.", fatal=True) from None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise WireError(Code.BAD_REQUEST, "The line is not one JSON object.", fatal=True) from None
    kind = found.get("type")
    legible = _legible(found)
    if not isinstance(kind, str):
        raise WireError(
            Code.BAD_REQUEST, "The field type is missing, or is not a string.", **legible
        )
    if kind not in known:
        raise WireError(
            Code.UNKNOWN_TYPE,
            f"Unknown type of request; the known ones are {', '.join(sorted(known))}.",
            type=kind,
            **legible,
        )
    if isinstance(error, msgspec.ValidationError):
        text = f"{error}."
    else:
        text = "The JSON contains a lone surrogate, or is nested too deep."
    raise WireError(Code.BAD_REQUEST, text, type=kind, **legible) from None


def _legible(fields: dict[str, Any]) -> dict[str, Any]:
    """Return those of ``ref``, ``id`` and ``room`` that are valid, to repeat them in the answer."""
    bounds = {"ref": limits.REF, "id": limits.ID, "room": limits.LINE}
    legible = {}
    for name, most in bounds.items():
        value = fields.get(name)
        if isinstance(value, str) and _is_unicode(value) and 1 <= len(value.encode()) <= most:
            legible[name] = value
    return legible


def _is_unicode(value: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
