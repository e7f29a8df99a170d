"""Messages of every type, made up by hypothesis."""

from typing import Any, get_args

from hypothesis import strategies as st

from wire import limits
from wire import messages as m

unicode_text = st.text(st.characters(exclude_categories=["Cs"]))


def bounded(least: int, most: int) -> st.SearchStrategy[str]:
    """Texts of ``least`` to ``most`` bytes of UTF-8."""
    return unicode_text.map(lambda text: text.encode()[:most].decode(errors="ignore")).filter(
        lambda text: len(text.encode()) >= least
    )


refs = st.none() | bounded(1, limits.REF)
ids = st.none() | bounded(1, limits.ID)
keys = st.none() | st.text("0123456789abcdef", min_size=limits.KEY_MIN, max_size=limits.KEY_MAX)
kinds: st.SearchStrategy[Any] = st.sampled_from(["say", "action"])
ats = st.integers(0, 2**53)
attempts = st.integers(-limits.ATTEMPT, limits.ATTEMPT)
pasts = st.lists(
    st.builds(
        m.Past,
        room=unicode_text,
        position=unicode_text,
        at=ats,
        from_=unicode_text,
        text=unicode_text,
        id=ids,
        kind=kinds,
    ),
    max_size=3,
)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "ref": refs,
    "id": ids,
    "key": keys,
    "kind": kinds,
    "at": ats,
    "attempt": st.none() | attempts,
    "messages": pasts,
    "after": st.none() | unicode_text,
    "before": st.none(),
}
ACK_ID = bounded(1, limits.ID)


def build(kind: type[m.Request] | type[m.Event]) -> st.SearchStrategy[Any]:
    """Messages of one type, with all their fields."""
    fields = {name: FIELDS[name] for name in kind.__struct_fields__ if name in FIELDS}
    if kind is m.Ack:
        fields["id"] = ACK_ID
    if kind is m.Gap:
        fields["after"] = unicode_text
    for name in kind.__struct_fields__:
        if kind.__annotations__.get(name) is str:
            fields[name] = unicode_text
    return st.builds(kind, **fields)


requests = st.one_of([build(kind) for kind in get_args(m.AnyRequest)])
events = st.one_of([build(kind) for kind in get_args(m.AnyEvent)])
