"""The figures are what was counted, and the load counts rightly."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from bench import build, dialects, figures, load, plot, processes, report, servers
from bench.run import Result, measure
from bench.shapes import SHAPES, Kind, Shape, everything

SHAPE = Shape("tiny", "Tiny", Kind.CLOSED, 20, 4, 2, 3, warm=0.1, seconds=0.2)


def test_every_shape_has_a_name_of_its_own() -> None:
    names = [shape.name for shape in everything()]
    assert len(names) == len(set(names))


def test_a_frame_says_how_long_its_text_is_with_the_placeholders_filled() -> None:
    frame = dialects.SOCKET_IO.message
    assert ord(frame[1]) - 0x80 == len('42["m",""]') + dialects.SIZE


def test_a_plan_escapes_what_is_not_plain_and_leaves_out_the_author_where_nothing_echoes() -> None:
    lines = load.plan(SHAPE, dialects.IRC, [1]).splitlines()
    assert "message PRIVMSG #r%r :%m\\x0d\\x0a" in lines
    assert "expect 4" in lines


def test_a_power_law_is_found() -> None:
    factor, exponent = figures.fit([(x, 3 * x**0.5) for x in (1, 10, 100, 5000)])
    assert factor == pytest.approx(3)
    assert exponent == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("value", "shown"), [(0.0789, "0.0789"), (4567, "4.57 k"), (1.234e6, "1.23 M"), (12.0, "12")]
)
def test_numbers_are_short(value: float, shown: str) -> None:
    assert plot.short(value) == shown


def result(server: str, shape: Shape, **facts: object) -> Result:
    """A result with figures that are easy to follow."""
    zero = dict.fromkeys(("redis_cpu", "p50", "p99", "p999", "lost", "strays"), 0)
    found: Result = {"server": server, "shape": shape.name, "cpu": 1.0, "seconds": 2.0, **zero}
    return found | {"messages": 10, "deliveries": 1000} | facts


def test_the_report_holds_medians_ratios_and_reasons(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    monkeypatch.setattr(report, "PAGE", page)
    monkeypatch.setattr(report, "PLOTS", tmp_path / "plots")
    shape = SHAPES[0]
    counts = (1000, 3000, 2000)
    results = [result("node", shape, deliveries=count) for count in counts]
    results += [result("relay", shape, deliveries=4000)]
    results += [{"server": "ngircd", "shape": shape.name, "error": "ngircd is missing"}]
    report.write({"processor": "p"}, results)
    text = page.read_text()
    assert text.startswith("before\n") and text.endswith("\nafter\n") and "old" not in text
    assert "| Distributed chat | 2 k | 1 k |" in text
    assert "| C relay (the limit) | 4 k | 2 k |" in text and "| 0.50 | 0% | 0 |" in text
    assert "not measured: ngircd is missing" in text
    assert (tmp_path / "plots" / f"{shape.name}.svg").read_text().startswith("<svg")


@pytest.fixture
def relay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> servers.Server:
    """The relay, built elsewhere, and the load too."""
    if not shutil.which("cc"):
        pytest.skip("there is no C compiler")
    for module in (build, load, processes, servers):
        monkeypatch.setattr(module, "BUILD", tmp_path)
    build.compile_all()
    found = next(server for server in servers.SERVERS if server.name == "relay")
    return replace(found, program=str(tmp_path / "relay"))


@pytest.mark.parametrize("rate", [0.0, 200.0])
def test_each_message_comes_once_to_each_member(relay: servers.Server, rate: float) -> None:
    found = measure(relay, replace(SHAPE, rate=rate))
    assert "error" not in found, found
    assert found["lost"] == found["strays"] == 0
    assert found["messages"] > 10
    assert abs(found["deliveries"] - 5 * found["messages"]) <= 5 * 24
    assert found["cpu"] > 0 and 0 < found["p50"] <= found["p99"] <= found["p999"]


def test_a_server_that_is_not_there_says_so() -> None:
    server = replace(servers.NODE, program="no-such-program")
    assert measure(server, SHAPE)["error"] == "no-such-program is missing"
