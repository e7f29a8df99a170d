"""Random walks of a session: what a program does, and what a node sends, also at the wrong time."""

from typing import Any

from hypothesis import strategies as st

Step = dict[str, Any]

_rooms = st.sampled_from(["lab", "Lab", "ops", "@", "7", "__proto__", "\uff2cab"])
_nicks = st.sampled_from(["ana", "bo", "cy"])
_positions = st.integers(0, 9).map(lambda number: f"p{number}")
_refs = st.one_of(
    st.integers(1, 12).map(lambda number: f"ask-{number}"), st.sampled_from([None, "hello", "?"])
)
_ids = st.one_of(st.integers(1, 12).map(lambda number: f"x-{number}"), st.just("?"))
_after = st.sampled_from([None, -1, 0, 1, 250, 1000, 5000])
_codes = st.sampled_from(
    [
        *("bad-request", "bad-nick", "nick-taken", "bad-room", "no-such-room", "not-in-room"),
        *("text-too-long", "rate-limited", "unavailable", "internal", "too-many-rooms", "new"),
    ]
)
_reasons = st.sampled_from(["draining", "busy", "quit", "replaced", "kicked", "left", "lost", "?"])
_bools = st.booleans()


def _event(type: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Step]:
    """An event whose fields may be None, which leaves them out."""
    whole = st.fixed_dictionaries({"type": st.just(type), **fields})
    return whole.map(lambda found: {name: one for name, one in found.items() if one is not None})


_at = st.just(1)
_text = st.just("hi")
_maybe_room = st.one_of(st.none(), _rooms)
_welcome = _event(
    "welcome",
    nick=_nicks,
    node=st.sampled_from(["node-1", "node-2"]),
    protocol=st.just(1),
    resumed=_bools,
    limits=st.just({}),
)
_joined = _event(
    "joined",
    ref=_refs,
    room=_rooms,
    position=_positions,
    members=st.just(2),
    created=_bools,
    quiet=_bools,
    messages=st.just([]),
)
_events = st.one_of(
    _welcome,
    _joined,
    _event("message", room=_rooms, position=_positions, at=_at, **{"from": _nicks}, text=_text),
    _event("direct", position=_positions, at=_at, **{"from": _nicks}, to=_nicks, text=_text),
    _event("ack", id=_ids, position=_positions, at=_at),
    _event("entered", room=_rooms, position=_positions, at=_at, nick=_nicks),
    _event(
        "left",
        ref=_refs,
        room=_rooms,
        nick=_nicks,
        reason=_reasons,
        position=st.one_of(st.none(), _positions),
    ),
    _event(
        "renamed",
        ref=_refs,
        nick=_nicks,
        **{"from": _nicks},
        at=_at,
        room=_maybe_room,
        position=st.one_of(st.none(), _positions),
    ),
    _event("rooms", ref=_refs, rooms=st.just([]), more=_bools),
    _event("members", ref=_refs, room=_rooms, members=st.just([]), more=_bools),
    _event("history", ref=_refs, room=_rooms, messages=st.just([]), more=_bools),
    _event("gap", room=_rooms, after=_positions, position=_positions),
    _event(
        "error",
        ref=_refs,
        code=_codes,
        text=_text,
        id=st.one_of(st.none(), _ids),
        room=_maybe_room,
        retry_after_ms=_after,
    ),
    _event("ping", ref=_refs),
    _event("pong", ref=_refs),
    _event("move", within_ms=st.sampled_from([-1, 0, 2500])),
    _event("bye", reason=_reasons, retry_after_ms=_after, text=st.sampled_from([None, "why"])),
    _event("announcement", text=_text, at=_at, room=_maybe_room),
    _event("topic", room=_rooms),
)
_requests = st.one_of(
    _event("create", room=_rooms),
    _event("join", room=_rooms),
    _event("leave", room=_rooms),
    _event("nick", nick=_nicks, password=st.sampled_from([None, "p"])),
    _event("rooms"),
    _event("members", room=_rooms),
    _event("history", room=_rooms, limit=st.sampled_from([None, 5])),
    _event("ping"),
)
_messages = st.one_of(
    _event("send", room=_rooms, text=_text, id=st.sampled_from([None, None, None, "mine"])),
    _event("direct", to=_nicks, text=_text, kind=st.sampled_from([None, "action"])),
)


def _call(name: str, *args: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Step]]:
    return st.tuples(*args).map(lambda found: [{"call": name, "args": list(found)}])


def _go_live(times: tuple[int, Step, Step]) -> list[Step]:
    now_ms, welcome, joined = times
    return [
        {"call": "disconnected"},
        {"call": "connected", "args": [now_ms]},
        {"call": "take", "args": [welcome]},
        {"call": "take", "args": [joined]},
    ]


_clock = st.integers(0, 50)
_steps = st.one_of(
    st.tuples(_clock, _welcome, _joined).map(_go_live),
    _call("connected", _clock),
    _call("disconnected"),
    _call("handover_hello", _clock),
    _call("handed_over", _welcome),
    _call("handover_failed"),
    _call("choose_nick", _nicks),
    *[_call("post", _messages)] * 3,
    *[_call("ask", _requests)] * 3,
    *[_call("wake")] * 2,
    *[_call("take", _events)] * 8,
)
_pauses = st.sampled_from([0, 0, 0, 0.1, 1, 3, 100, 290])


def _timed(steps: list[tuple[list[Step], float]]) -> list[Step]:
    """Give each step its time, and look at the whole state after each."""
    now, timed = 0.0, []
    for calls, pause in steps:
        now += pause
        timed += [{**call, "now": now} for call in calls]
        timed.append({"call": "state"})
    return timed


makes = _event(
    "session",
    nick=st.one_of(st.none(), _nicks),
    rooms=st.one_of(st.none(), st.lists(_rooms, max_size=3)),
    positions=st.one_of(st.none(), st.dictionaries(_rooms, _positions, max_size=3)),
    token=st.sampled_from([None, "t"]),
    password=st.sampled_from([None, "p"]),
    window=st.integers(1, 3),
).map(lambda made: {"kind": made.pop("type"), **made})
walks = st.lists(st.tuples(_steps, _pauses), max_size=80).map(_timed)
