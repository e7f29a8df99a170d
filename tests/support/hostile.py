"""What a hostile peer, or node, might send; and whether what is shown of it is harmless."""

import unicodedata
from typing import Any, get_args

from hypothesis import strategies as st

from client.protocol.events import Disconnected
from wire import messages as m

hostile = st.text(
    st.characters()
    | st.sampled_from("\x1b\x07\r\n\t\x9b\x90\u202e\u2066\u200b\u200c\u200d\ufeff\ud800\u2028[];m")
)
"""Texts of any kind, rich in what acts, hides or turns around."""

_names = {"kind": st.sampled_from(["say", "action"]), "at": st.integers(-(2**53), 2**53)}
_past = st.builds(m.Past, room=hostile, position=hostile, from_=hostile, text=hostile, **_names)


def build(kind: type[Any]) -> st.SearchStrategy[Any]:
    """Events of one type that a hostile node might send."""
    fields: dict[str, st.SearchStrategy[Any]] = {
        name: hostile
        for name in kind.__struct_fields__
        if kind.__annotations__.get(name) in (str, str | None)
    }
    fields |= {name: _names[name] for name in kind.__struct_fields__ if name in _names}
    if "messages" in kind.__struct_fields__:
        fields["messages"] = st.lists(_past, max_size=3)
    if kind is m.Members:
        fields["members"] = st.lists(hostile, max_size=3)
    if kind is m.Rooms:
        fields["rooms"] = st.lists(st.builds(m.RoomRow, room=hostile), max_size=3)
    return st.builds(kind, **fields)


events: st.SearchStrategy[Any] = st.one_of(
    [build(kind) for kind in get_args(m.AnyEvent)] + [st.builds(Disconnected, why=hostile)]
)


def assert_harmless(shown: str) -> None:
    """Fail if anything in ``shown`` could act on a terminal, hide, or turn text around."""
    for character in shown.replace("\u200c", "").replace("\u200d", ""):
        category = unicodedata.category(character)
        assert category not in ("Cc", "Cf", "Cs", "Zl", "Zp"), hex(ord(character))
    shown.encode()  # no lone surrogates
    for joiner in ("\u200c", "\u200d"):
        for before, after in zip(shown, shown[1:], strict=False):
            assert not (before == joiner and (after in "\u200c\u200d" or after.isascii()))
        assert not shown.startswith(joiner) and not shown.endswith(joiner)
