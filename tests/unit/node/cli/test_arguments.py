"""The arguments of the command line of moderators: times and networks."""

import argparse

import pytest

from node.cli import arguments


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("15m", 900), ("2h", 7200), ("7d", 604_800), ("1w", 604_800)],
)
def test_times_are_written_with_a_unit(text: str, seconds: float) -> None:
    assert arguments.duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("192.0.2.7", "192.0.2.7/32"),
        ("192.0.2.0/255.255.255.0", "192.0.2.0/24"),
        ("2001:DB8::/64", "2001:db8::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7/32"),
        ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
    ],
)
def test_a_network_has_one_way_to_be_written(text: str, network: str) -> None:
    assert arguments.network(text) == network


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("192.0.2.7/8", "192.0.0.0/8"),
        ("2001:db8::1/64", "2001:db8::/64"),
        ("::ffff:192.0.2.7/120", "192.0.2.0/24"),
    ],
)
def test_a_network_with_host_bits_is_refused(text: str, network: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError) as refused:
        arguments.ARGUMENTS["--address"]["type"](text)
    assert str(refused.value) == f"got '{text}': it has host bits set; the network is {network}"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "x" * 5000,
            f"got '{'x' * 38}...{'x' * 19}': A text is at most 4096 bytes of UTF-8 long.",
        ),
        ("", "got '': The text is empty."),
        (
            "a\x1b",
            "got 'a\\x1b': The text contains the control character U+001B;"
            " only newline and tab are allowed.",
        ),
    ],
)
def test_a_text_that_cannot_be_announced_is_told_why(text: str, line: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError) as refused:
        arguments.ARGUMENTS["text"]["type"](text)
    assert str(refused.value) == line


@pytest.mark.parametrize("argument", ["nick", "room", "--address", "--for", "--reason"])
def test_no_argument_is_repeated_at_length(argument: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError) as refused:
        arguments.ARGUMENTS[argument]["type"]("x" * 5000)
    assert "..." in str(refused.value) and len(str(refused.value)) < 200
