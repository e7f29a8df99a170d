"""A message is one JSON line and back; a line that is none raises WireError and nothing else."""

import json
from typing import Any, get_args

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.unit.wire.strategies import build, events, requests, unicode_text
from wire import limits
from wire import messages as m
from wire.codec import (
    EVENT_TYPES,
    REQUEST_TYPES,
    decode_event,
    decode_request,
    encode,
    encode_body,
    quote,
)
from wire.errors import Code, WireError


@given(requests)
def test_every_request_comes_back_as_it_was(request: m.AnyRequest) -> None:
    line = encode(request)
    assert line.endswith(b"\n") and line.count(b"\n") == 1
    assert decode_request(line[:-1]) == request


@given(events)
def test_every_event_comes_back_as_it_was(event: m.AnyEvent) -> None:
    line = encode(event)
    assert line.endswith(b"\n") and line.count(b"\n") == 1
    assert decode_event(line[:-1]) == event


@pytest.mark.parametrize("kind", [*get_args(m.AnyRequest), *get_args(m.AnyEvent)])
def test_every_type_is_covered_by_the_strategies(kind: type[m.Request]) -> None:
    assert not build(kind).is_empty


@given(st.binary())
def test_random_bytes_raise_nothing_but_wire_error(line: bytes) -> None:
    for decode in (decode_request, decode_event):
        try:
            decode(line)
        except WireError as error:
            assert error.text and error.code in (Code.BAD_REQUEST, Code.UNKNOWN_TYPE)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
field_names = st.sampled_from(
    ["ref", "id", "room", "text", "nick", "key", "attempt", "rooms", "positions", "history"]
    + ["before", "after", "limit", "to", "kind", "at", "from", "position", "messages", "limits"]
)


@given(
    st.sampled_from(sorted(REQUEST_TYPES | EVENT_TYPES)),
    st.dictionaries(field_names | st.text(), json_values),
)
def test_random_fields_raise_nothing_but_an_error_that_is_not_fatal(
    kind: str, fields: dict[str, Any]
) -> None:
    line = json.dumps({**fields, "type": kind}).encode()
    assume(b"NaN" not in line and b"Infinity" not in line)
    for decode in (decode_request, decode_event):
        try:
            decode(line)
        except WireError as error:
            assert not error.fatal


@given(requests, st.data())
def test_a_line_with_a_flipped_byte_raises_nothing_but_wire_error(
    request: m.AnyRequest, data: st.DataObject
) -> None:
    line = bytearray(encode(request)[:-1])
    line[data.draw(st.integers(0, len(line) - 1))] = data.draw(st.integers(0, 255))
    for decode in (decode_request, decode_event):
        try:
            decode(bytes(line))
        except WireError:
            pass


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b" ",
        b"nonsense",
        b"[]",
        b'["type","ping"]',
        b'"ping"',
        b"1",
        b"null",
        b'{"type":"ping"',
        b'{"type":"ping"}{}',
        b'{"type":"ping","ref":NaN}',
        b"{'type':'ping'}",
        b'\xef\xbb\xbf{"type":"ping"}',
        b'{"type":"ping","ref":"\xff"}',
        b'{"type":"ping","ref":"\xed\xa0\x80"}',
        b"[" * 8000 + b"]" * 8000,
    ],
)
def test_what_is_not_one_json_object_in_utf8_is_fatal(line: bytes) -> None:
    for decode in (decode_request, decode_event):
        with pytest.raises(WireError) as raised:
            decode(line)
        assert raised.value.fatal and raised.value.code is Code.BAD_REQUEST


def test_an_object_nested_too_deep_is_a_bad_request() -> None:
    # How deep is too deep to look for its ref, and so fatal, differs between Pythons.
    for kind in (b"ping", b"send", b"message"):
        line = b'{"type":"' + kind + b'","a":' + b'{"a":' * 3000 + b"1" + b"}" * 3001
        for decode in (decode_request, decode_event):
            try:
                decode(line)
            except WireError as error:
                assert error.code in (Code.BAD_REQUEST, Code.UNKNOWN_TYPE)


@pytest.mark.parametrize(
    "line",
    [
        b"{}",
        b'{"type":null}',
        b'{"type":1}',
        b'{"type":"send"}',
        b'{"type":"send","room":"a","text":1}',
        b'{"type":"send","room":null,"text":"a"}',
        b'{"type":"send","room":"a","text":"b","kind":"shout"}',
        b'{"type":"send","room":"a","text":"\\ud800"}',
        b'{"type":"hello","attempt":1.5}',
        b'{"type":"hello","attempt":9007199254740992}',
        b'{"type":"hello","attempt":true}',
        b'{"type":"hello","rooms":"general"}',
        b'{"type":"hello","rooms":[1]}',
        b'{"type":"hello","positions":[]}',
        b'{"type":"hello","key":"short"}',
        b'{"type":"join","room":"a","history":201}',
        b'{"type":"join","room":"a","history":-1}',
        b'{"type":"history","room":"a","limit":0}',
        b'{"type":"history","room":"a","limit":201}',
        b'{"type":"history","room":"a","before":"x","after":"y"}',
        b'{"type":"ping","ref":""}',
        b'{"type":"ping","ref":7}',
    ],
)
def test_wrong_fields_are_a_bad_request_that_is_not_fatal(line: bytes) -> None:
    with pytest.raises(WireError) as raised:
        decode_request(line)
    assert raised.value.code is Code.BAD_REQUEST and not raised.value.fatal


def test_an_unknown_request_is_told_with_its_type_and_ref() -> None:
    with pytest.raises(WireError) as raised:
        decode_request(b'{"type":"dance","ref":"7","room":"lab"}')
    error = raised.value
    assert (error.code, error.fatal) == (Code.UNKNOWN_TYPE, False)
    assert (error.type, error.ref, error.room) == ("dance", "7", "lab")


@given(st.text().filter(lambda kind: kind not in EVENT_TYPES))
def test_an_unknown_event_is_none(kind: str) -> None:
    assert decode_event(json.dumps({"type": kind, "more": 1}).encode()) is None


def test_unknown_fields_are_ignored() -> None:
    assert decode_request(b'{"colour":"red","type":"ping","ref":"1"}') == m.Ping(ref="1")
    assert decode_event(b'{"type":"pong","of":{"what":[1]}}') == m.PongEvent()


def test_an_error_about_a_send_carries_its_id_and_room() -> None:
    with pytest.raises(WireError) as raised:
        decode_request(b'{"type":"send","room":"a","text":3,"id":"m1","ref":"r1"}')
    assert (raised.value.id, raised.value.room, raised.value.ref) == ("m1", "a", "r1")


def test_a_ref_that_cannot_be_repeated_is_left_out_of_the_error() -> None:
    too_long = "x" * (limits.REF + 1)
    for ref in (f'"{too_long}"', '"\\udc00"', "7", '""'):
        with pytest.raises(WireError) as raised:
            decode_request(b'{"type":"dance","ref":' + ref.encode() + b"}")
        assert raised.value.ref is None


@pytest.mark.parametrize(
    "name, least, most, kind",
    [
        ("ref", 1, limits.REF, "ping"),
        ("id", 1, limits.ID, "send"),
        ("id", 1, limits.ID, "direct"),
        ("key", limits.KEY_MIN, limits.KEY_MAX, "hello"),
    ],
)
def test_lengths_are_exact_at_the_boundary_and_count_bytes(
    name: str, least: int, most: int, kind: str
) -> None:
    def decode(value: str) -> m.AnyRequest:
        fields = {"type": kind, "room": "a", "to": "b", "text": "c", name: value}
        return decode_request(json.dumps(fields).encode())

    for good in ("x" * least, "x" * most, "ä" * (most // 2)):
        assert getattr(decode(good), name) == good
    for bad in ("x" * (least - 1), "x" * (most + 1), "ä" * (most // 2) + "x"):
        with pytest.raises(WireError) as raised:
            decode(bad)
        assert raised.value.code is Code.BAD_REQUEST and not raised.value.fatal


def test_text_is_written_as_raw_utf8() -> None:
    line = encode(m.Send(room="général", text="naïve 🦊"))
    assert "naïve 🦊".encode() in line and b"\\u" not in line


def test_defaults_are_left_out() -> None:
    message = m.Message(room="a", position="p", at=1, from_="b", text="c")
    assert json.loads(encode(message)) == {
        "type": "message",
        "room": "a",
        "position": "p",
        "at": 1,
        "from": "b",
        "text": "c",
    }


@given(unicode_text)
def test_a_quoted_name_is_json(name: str) -> None:
    assert json.loads(quote(name)) == name


def test_a_body_can_be_spliced_behind_other_fields() -> None:
    body = encode_body(m.Pong(ref="1"))
    assert json.loads(b'{"at":1,' + body) == {"at": 1, "type": "pong", "ref": "1"}
