"""Every script has the parts that it names in front of it, and names those and no others."""

import re
from hashlib import sha1

import pytest

from node.brokers import keys, scripts

_STRING = re.compile(r"'(?:[^'\\\n]|\\.)*'")
_TOP = re.compile(r"^local (?:function )?(\w+(?:, \w+)*)", re.MULTILINE)
_LOCAL = re.compile(
    r"\b(?:local|for) (?:function )?(\w+(?:, \w+)*)|\bfunction \w*\((\w+(?:, \w+)*)\)"
)
_WORD = re.compile(r"(?<![.\w])[A-Za-z_]\w*")


def code(text: str) -> str:
    """Return a script or a part without its comments and strings."""
    return _STRING.sub("''", re.sub(r"--.*", "", text))


def listed(pattern: re.Pattern[str], text: str) -> set[str]:
    """Return the names in all groups of all places that a pattern finds."""
    found = [group for match in pattern.finditer(text) for group in match.groups() if group]
    return {name for group in found for name in group.split(", ")}


DEFINED = {part: listed(_TOP, code(scripts.part(part))) for part in scripts.part_names()}
"""What each part defines for others."""
TEXTS = {
    **{name: scripts.body(name) for name in scripts.names()},
    **{"parts/" + part: scripts.part(part) for part in scripts.part_names()},
}


def wrong(text: str, own: str = "") -> list[str]:
    """Return what is wrong with the parts that a text names; ``own``: the part that it is."""
    words, named = set(_WORD.findall(code(text))), scripts.uses(text)
    found = []
    for part, names in DEFINED.items():
        used = words & names
        if part != own and used and part not in named:
            found.append(f"uses {min(used)} of {part}, which it does not name")
        if part in named and not used:
            found.append(f"names {part}, and uses nothing of it")
    if twice := {name for part in DEFINED if part != own for name in DEFINED[part]} & listed(
        _LOCAL, code(text)
    ):
        found.append(f"has a {min(twice)} of its own, as a part has")
    return found + [f"names {part}, which is no part" for part in named if part not in DEFINED]


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_a_script_or_a_part_names_the_parts_that_it_uses_and_no_others(name: str) -> None:
    kind, _, own = name.rpartition("/")
    assert wrong(TEXTS[name], own if kind else "") == []


def test_a_part_that_is_missing_or_not_needed_is_told() -> None:
    assert wrong("-- PARTS head\nreturn key_of(ARGV[1])") == []
    assert wrong("return key_of(ARGV[1])") == ["uses key_of of head, which it does not name"]
    assert wrong("-- PARTS head\n-- key_of\nreturn 'int'") == ["names head, and uses nothing of it"]
    assert wrong("local function now_ms() end return now_ms()")[-1] == (
        "has a now_ms of its own, as a part has"
    )
    assert wrong("-- PARTS nothing\nreturn 1") == ["names nothing, which is no part"]


def test_no_two_parts_define_the_same_name() -> None:
    names = [name for part in DEFINED.values() for name in part]
    assert len(names) == len(set(names)) > 40


def test_a_part_stands_behind_those_that_it_uses_and_only_once() -> None:
    for name in scripts.names():
        order = scripts.parts(scripts.body(name))
        assert len(order) == len(set(order))
        for place, part in enumerate(order):
            assert set(scripts.uses(scripts.part(part))) <= set(order[:place]), (name, part)


def test_parts_that_use_each_other_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {"one": "-- PARTS two\n", "two": "-- PARTS one\n"}
    monkeypatch.setattr(scripts, "part", texts.__getitem__)
    with pytest.raises(ValueError, match="one uses itself: one two"):
        scripts.parts("-- PARTS one\n")


def test_the_parts_are_no_scripts() -> None:
    assert {"hello", "publish", "renew", "waits"} <= scripts.names()
    assert {"head", "clock"} <= scripts.part_names() and "head" not in scripts.names()


def test_what_is_published_goes_to_the_shard_channel_that_nodes_listen_to() -> None:
    called = re.findall(r"'(\w*publish)'", "\n".join(TEXTS.values()), re.IGNORECASE)
    assert called.count("SPUBLISH") == len(called) > 3


def test_a_script_is_known_by_the_digest_of_all_that_is_sent() -> None:
    source, body = scripts.source("tail"), scripts.body("tail")
    assert scripts.parts(body)[-1] == "page"
    assert source == "\n".join([*map(scripts.part, scripts.parts(body)), body])
    assert scripts.digest("tail") == sha1(source.encode()).hexdigest()


def test_every_script_describes_its_arguments_and_its_reply() -> None:
    for name in scripts.names():
        head = scripts.body(name).split("\nlocal ")[0]
        assert head.startswith("-- ") and "-- ARGV " in head, name


def test_a_script_about_a_log_declares_the_key_that_nobody_writes_as_its_last_one() -> None:
    # These scripts are not about logs; who calls them declares the keys.
    elsewhere = {"mark", "probe", "time", "waits"}
    declaring = {name for name in scripts.names() if scripts.key_names(name)} - elsewhere
    assert {"publish", "read", "tail", "history", "members", "compare", "heal"} <= declaring
    for name in declaring:
        *others, last = keys.of_log("r:tea", scripts.key_names(name))
        assert others and last == "chat:{r:tea}:never" and last not in others, name


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_no_script_names_the_key_that_nobody_writes(name: str) -> None:
    lines = [re.sub(r"--.*", "", line) for line in TEXTS[name].splitlines()]
    assert not [line for line in lines if "never" in line]
    used = {int(place) for place in re.findall(r"\bKEYS\[(\d+)\]", "\n".join(lines))}
    if own := name in scripts.names() and scripts.key_names(name):
        assert max(used, default=0) < len(own)
    else:
        assert not used
