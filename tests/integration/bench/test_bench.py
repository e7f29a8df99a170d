"""The figures are what was counted, and the load counts rightly."""

import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bench import (
    build,
    dialects,
    figures,
    load,
    masters,
    plot,
    processes,
    report,
    servers,
    shards,
    websocket,
)
from bench.__main__ import main
from bench.run import Result, measure
from bench.shapes import SHAPES, Kind, Shape, everything
from tests.support.redis_server import program

STORM = Shape("storm", "Storm", Kind.STORM, 20, 4, 0, seconds=1, controls=1, rate=50, nodes=2)
SHAPE = Shape("tiny", "Tiny", Kind.CLOSED, 20, 4, 2, 3, warm=0.1, seconds=0.2)


def test_every_shape_has_a_name_of_its_own() -> None:
    names = [shape.name for shape in (*everything(), *shards.shapes())]
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
    ("value", "shown"),
    [
        *((0.0789, "0.0789"), (4567, "4.57 k"), (1.234e6, "1.23 M"), (12.0, "12")),
        *((999.4, "999"), (999.7, "1 k"), (999_700, "1 M")),
    ],
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


def test_the_table_over_websocket_holds_ratios_within_the_rounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{websocket.BEGIN}\nold\n{report.END}\nafter\n{report.END}\n")
    monkeypatch.setattr(report, "PAGE", page)
    shape = websocket.shapes()[0]
    results = [
        result(server, shape, deliveries=deliveries, round=number)
        for server, counts in (("node", (1000, 2000, 8000)), ("node-websocket", (900, 1000, 7600)))
        for number, deliveries in enumerate(counts)
    ]
    results += [result("node-websocket", shape, deliveries=1, round=3, lost=2)]
    websocket.write({"processor": "p"}, results)
    text = page.read_text()
    assert text.startswith("before\n") and "old" not in text
    assert text.endswith(f"after\n{report.END}\n")
    assert "(2 lost) | deliveries a CPU second | 2 k | 950 | 0.90 | 0.50 to 0.95 |" in text
    assert "not measured: Distributed chat: not measured" in text


def test_the_table_of_clusters_divides_by_one_master_in_the_same_round(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{shards.BEGIN}\nold\n{report.END}\nafter\n")
    monkeypatch.setattr(report, "PAGE", page)
    shape = shards.shapes()[0]
    results = [
        result(
            *(f"cluster-{count}", shape),
            round=number,
            redis_cpu=cpu * 1e-6,
            masters=[cpu * 0.25e-6, cpu * 0.75e-6],
            open_masters=[0.0, 0.1],
            control=1,
        )
        for count, costs in ((1, (100, 200, 400)), (3, (120, 200, 440)))
        for number, cpu in enumerate(costs)
    ]
    results += [{"server": "cluster-6", "shape": shape.name, "error": "no free port"}]
    report.save(tmp_path / "results.json", {"processor": "p"}, results)
    main(["--shape", "shards", "--report", "--out", str(tmp_path / "results.json")])
    text = page.read_text()
    assert text.startswith("before\n") and text.endswith("\nafter\n") and "old" not in text
    row = "| cluster, 3 | 5 | 100 k | 20 | 1.10 | 1.00 to 1.20 | 75% | 100 | 0 | 0 |"
    assert row in text and row in capsys.readouterr().out
    assert "| cluster, 6 | not measured: no free port |" in text
    assert "| one Redis, no cluster | not measured: not measured |" in text


def test_the_page_has_a_place_for_each_table() -> None:
    text = report.PAGE.read_text()
    for begin in (report.BEGIN, websocket.BEGIN, shards.BEGIN):
        assert text.count(begin) == 1


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of the programs in C, built elsewhere than those that are measured with."""
    if not shutil.which("cc"):
        pytest.skip("there is no C compiler")
    directory = tmp_path_factory.mktemp("bench")
    with pytest.MonkeyPatch.context() as patch:
        for module in (build, load, masters, processes, servers):
            patch.setattr(module, "BUILD", directory)
        build.compile_all()
        yield directory


@pytest.fixture
def relay(programs: Path) -> servers.Server:
    """The relay."""
    found = next(server for server in servers.SERVERS if server.name == "relay")
    return replace(found, program=str(programs / "relay"))


def over_websocket(*mistakes: str) -> servers.Server:
    """A relay over WebSocket that makes mistakes."""
    dialect = dialects.Dialect((("%r\n", "joined\n"),), "%m\n", path="/")

    def command(port: int, url: str, history: int) -> list[str]:
        module = "tests.integration.bench.websocket_relay"
        return [sys.executable, "-m", module, str(port), *mistakes]

    return servers.Server("websocket-relay", "WebSocket relay", dialect, command, sys.executable)


def hesitant(*options: str) -> servers.Server:
    """A server that refuses a client which asks again."""
    again, opening = (("again\n", "joined\n"),), (("open\n", "joined\n"),)
    dialect = dialects.Dialect(opening, "%m\n", again=again, refusal="later")

    def command(port: int, url: str, history: int) -> list[str]:
        module = "tests.integration.bench.hesitant_server"
        return [sys.executable, "-m", module, str(port), *options]

    return servers.Server("hesitant", "Hesitant server", dialect, command, sys.executable)


def counted(found: Result) -> None:
    """Check the figures of a run in which nothing was lost."""
    assert "error" not in found, found
    assert found["lost"] == found["strays"] == 0
    assert found["messages"] > 0
    assert abs(found["deliveries"] - 5 * found["messages"]) <= 5 * 24
    assert found["open_cpu"] > 0 and 0 < found["p50"] <= found["p99"] <= found["p999"]


@pytest.mark.parametrize("rate", [0.0, 200.0])
def test_each_message_comes_once_to_each_member(relay: servers.Server, rate: float) -> None:
    counted(measure(relay, replace(SHAPE, rate=rate)))


@pytest.mark.parametrize("rate", [0.0, 200.0])
@pytest.mark.usefixtures("programs")
def test_the_node_is_measured_over_websocket(rate: float) -> None:
    program()
    counted(measure(servers.NODE_WEBSOCKET, replace(SHAPE, rate=rate)))


@pytest.mark.usefixtures("programs")
def test_each_master_of_a_cluster_is_counted() -> None:
    program()
    server = next(server for server in shards.SERVERS if server.masters == 3)
    found = measure(server, replace(SHAPE, nodes=2))
    counted(found)
    for whole, parts in (("redis_cpu", "masters"), ("open_redis_cpu", "open_masters")):
        assert len(found[parts]) == 3 and min(found[parts]) > 0
        assert found[whole] == pytest.approx(sum(found[parts]))
    assert found["control"] == 1
    assert found["open_masters"][1] == max(found["open_masters"])


@pytest.mark.usefixtures("programs")
@pytest.mark.parametrize("pad", [0, 100, 70000], ids=["7 bits", "16 bits", "64 bits"])
def test_frames_of_each_form_are_read_however_they_are_cut(pad: int) -> None:
    counted(measure(over_websocket("--pad", str(pad)), replace(SHAPE, rate=200.0)))


@pytest.mark.usefixtures("programs")
def test_deliveries_that_are_lost_or_doubled_are_told() -> None:
    paced = replace(SHAPE, rate=200.0, drain=0.5)
    found = measure(over_websocket("--lose", "7"), paced)
    assert (found["lost"], found["strays"]) == (1, 0)
    found = measure(over_websocket("--double", "7"), paced)
    assert (found["lost"], found["strays"]) == (0, 1)


@pytest.mark.usefixtures("programs")
@pytest.mark.parametrize("opcode", [2, 8, 9], ids=["binary", "close", "ping"])
def test_a_frame_without_text_fails_the_run(opcode: int) -> None:
    found = measure(over_websocket("--opcode", str(opcode)), SHAPE)
    assert "not a text in one frame" in found["error"]


@pytest.mark.usefixtures("programs")
def test_a_client_that_is_refused_in_a_storm_asks_again() -> None:
    found = measure(hesitant(), replace(STORM, seconds=30))
    assert "error" not in found, found
    assert (found["served"], found["retried"]) == (20, 20)


@pytest.mark.usefixtures("programs")
def test_a_storm_says_what_clients_wait_for_that_were_not_served() -> None:
    error = measure(hesitant("--always"), STORM)["error"]
    assert error.startswith("only 0 were served in 1 s: ")
    waiting = re.search(
        "([0-9]+) keep the old connection, ([0-9]+) are connecting, ([0-9]+) wait for an answer; "
        "[0-9]+ refusals$",
        error,
    )
    assert waiting is not None and sum(map(int, waiting.groups())) == 20, error


def test_a_plan_begins_with_the_handshake_where_there_is_one() -> None:
    lines = load.plan(SHAPE, dialects.NATIVE_WEBSOCKET, [1]).splitlines()
    steps = [line for line in lines if line.startswith("step ")]
    assert (
        steps[0].startswith("step GET /ws HTTP/1.1") and "step \t\\x0d\\x0a\\x0d\\x0a" == steps[1]
    )
    assert len([line for line in lines if line.startswith("again ")]) == 3
    assert "handshake 2" in lines
    assert "handshake 0" in load.plan(SHAPE, dialects.NATIVE, [1]).splitlines()


def test_a_server_that_is_not_there_says_so() -> None:
    server = replace(servers.NODE, program="no-such-program")
    assert measure(server, SHAPE)["error"] == "no-such-program is missing"
