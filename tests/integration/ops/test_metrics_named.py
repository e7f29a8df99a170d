"""What the dashboard, the alerts and the manual say of metrics is what a node really tells."""

import json
import re
from functools import cache
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support import web
from tests.support.lab import Lab
from tests.support.repository import ROOT, load, read, services
from wire.errors import Code

TARGET = {"job", "instance"}
"""Labels that Prometheus gives to whatever it reads from a node."""


@cache
def dashboard() -> dict[str, Any]:
    """The dashboard."""
    content: dict[str, Any] = json.loads(read("ops/grafana/chat.json"))
    return content


@cache
def rules() -> list[dict[str, Any]]:
    """The alert rules."""
    return [rule for group in load(ROOT / "ops/alerts.yml")["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    """The dashboard's panels that show something."""
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def expressions() -> list[str]:
    """All that Prometheus is asked for by dashboard and alerts."""
    shown = [target["expr"] for panel in panels() for target in panel["targets"]]
    return shown + [rule["expr"] for rule in rules()]


def named(expression: str) -> set[str]:
    """The metrics of nodes that an expression names."""
    return set(re.findall(r"\b(?:chat|process)_[a-z_]+", re.sub(r"\{[^}]*\}", "", expression)))


def labels(expression: str) -> set[str]:
    """The labels that an expression names."""
    chosen = re.findall(r"(\w+)\s*(?:=|!)~?\"", expression)
    groups = re.findall(r"by \(([^)]*)\)", expression)
    return set(chosen) | {label.strip() for group in groups for label in group.split(",")}


async def told(lab: Lab) -> dict[str, set[str]]:
    """The samples that a real node tells, each with its labels."""
    node = await lab.node(None, "--http-port", "0")
    talker = await lab.member(node.address, "ana")
    await talker.say("general", "hi", "1")
    _, body = await web.get(node.http, "/metrics")
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(body):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


async def test_what_is_asked_for_is_told_by_a_node(lab: Lab) -> None:
    found = await told(lab)
    for expression in expressions():
        metrics = named(expression)
        assert metrics <= set(found), expression
        if metrics:
            known = set.union(*[found[metric] for metric in metrics])
            assert labels(expression) <= known | TARGET, expression


async def test_what_a_node_tells_is_explained_to_operators(lab: Lab) -> None:
    page = read("docs/operations.md")
    page = page.partition("\n## Metrics")[2].partition("\n## ")[0]
    explained = set(re.findall(r"`((?:chat|process)_[a-z_]+)`", page))
    found = {re.sub(r"_(bucket|count|sum)$", "", name) for name in await told(lab)}
    assert explained == found


def test_an_alert_for_a_code_names_one_that_there_is() -> None:
    for expression in expressions():
        for codes in re.findall(r"code!?[=~]+\"([^\"]*)\"", expression):
            assert set(codes.split("|")) <= set(Code), expression


def test_every_alert_is_tried_and_explained() -> None:
    alerts = {rule["alert"] for rule in rules()}
    assert len(alerts) == len(rules())
    tried = {
        case["alertname"]
        for story in load(ROOT / "tests/integration/ops/alerts.yml")["tests"]
        for case in story.get("alert_rule_test", [])
        if case["exp_alerts"]
    }
    page = read("docs/operations.md")
    explained = set(re.findall(r"`(Chat[A-Z]\w+)`", page))
    assert tried == explained == alerts


def test_an_alert_says_how_bad_it_is_and_what_is_the_matter() -> None:
    for rule in rules():
        assert rule["labels"]["severity"] in ("critical", "warning"), rule["alert"]
        assert rule["annotations"]["summary"], rule["alert"]


def test_the_dashboard_asks_the_source_that_is_set_up() -> None:
    [source] = load(ROOT / "ops/grafana/datasource.yml")["datasources"]
    wanted = {"type": source["type"], "uid": source["uid"]}
    for panel in panels():
        assert all(part["datasource"] == wanted for part in (panel, *panel["targets"]))
    assert [part["datasource"] for part in dashboard()["templating"]["list"]] == [wanted]


def test_no_two_panels_lie_in_the_same_place() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard()["panels"]:
        place = panel["gridPos"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert x < 24 and (x, y) not in taken, panel["title"]
                taken.add((x, y))


@pytest.mark.parametrize("name", ["prometheus", "grafana"])
def test_what_observes_is_there_only_when_asked_for_and_only_on_this_host(name: str) -> None:
    service = services()[name]
    assert service["profiles"] == ["observe"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert re.search(r":v?\d+\.\d+\.\d+$", service["image"])
    for volume in service["volumes"]:
        if volume.startswith("./"):
            assert (ROOT / volume.split(":")[0]).is_file() and volume.endswith(":ro")


def test_prometheus_finds_the_nodes_where_they_tell() -> None:
    [job] = load(ROOT / "ops/prometheus.yml")["scrape_configs"]
    [found] = job["dns_sd_configs"]
    port = re.search(r"CHAT_HTTP_PORT=(\d+)", read("Dockerfile"))
    assert port and found["port"] == int(port[1]) and found["names"] == ["node"]
    assert all(f'job="{job["job_name"]}"' in e for e in expressions() if "job=" in e)
