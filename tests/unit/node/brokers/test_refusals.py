"""The refusals of the scripts are those that the types of their replies name."""

import re
from typing import Any, get_args

import pytest

from node.brokers import scripts
from node.brokers.malformed import Malformed
from node.brokers.refusals import REFUSALS, refusal
from node.core import model
from node.core.model import Denied, Fenced, Unavailable

_RETURNED = re.compile(r"return \{'([a-z]+)'")

CALLS: dict[str, Any] = {
    "begin": None,
    "direct": model.DirectDenied,
    "heal": None,
    "hello": model.ClaimDenied,
    "join": model.JoinDenied,
    "leave": None,
    "nick": model.NickDenied,
    "restore": model.RestoreDenied,
    "standing": None,
}
"""The scripts whose reply is {'ok', ...} or a refusal, and the refusals that its type names."""


@pytest.mark.parametrize(("script", "typed"), CALLS.items())
def test_a_script_refuses_only_what_the_type_of_its_reply_names(script: str, typed: Any) -> None:
    code = re.sub(r"--.*", "", scripts.body(script))
    names = {name.encode() for name in _RETURNED.findall(code)} - {b"ok", b"repeat"}
    found = {REFUSALS[name] for name in names}
    assert {why for why in found if isinstance(why, Denied)} == set(get_args(typed))


def test_a_reply_is_a_refusal_unless_it_is_ok() -> None:
    assert refusal([b"ok", 1]) is None
    assert refusal([b"gone"]) is Fenced.GONE
    assert refusal([b"foreign"]) is Unavailable.UNREACHABLE
    with pytest.raises(Malformed):
        refusal([b"unheard"])
