"""Every script has the common parts in front of it, and is known by the digest of the whole."""

from hashlib import sha1

from node.brokers import scripts


def test_the_common_parts_are_no_scripts() -> None:
    names = scripts.names()
    assert {"hello", "publish", "renew", "waits"} <= names
    assert not {name for name in names if name.startswith("common")}


def test_a_script_is_known_by_the_digest_of_all_that_is_sent() -> None:
    source = scripts.source("publish")
    assert source.startswith(scripts.common())
    assert scripts.digest("publish") == sha1(source.encode()).hexdigest()


def test_a_common_part_ends_before_the_next_one_begins() -> None:
    lines = scripts.common().splitlines()
    assert "local function key_of(log) return 'chat:{' .. log .. '}' end" in lines
    assert lines.index("local function id_of(entry)") > lines.index(
        "local function int(number)" + (" return string.format('%.0f', number) end")
    )


def test_every_script_describes_its_arguments_and_its_reply() -> None:
    for name in scripts.names():
        head = scripts.source(name)[len(scripts.common()) :].split("\nlocal ")[0]
        assert head.startswith("-- "), name
        assert "-- ARGV " in head, name
