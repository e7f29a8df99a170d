"""What an operator sees: lines on standard output, exit statuses, health, metrics, limits."""

import asyncio
import json
import re
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from redis import asyncio as redis

from node.config.version import version
from tests.support import web
from tests.support.lab import Lab
from tests.support.node_process import NodeProcess


async def test_standard_output_tells_what_listens_and_nothing_else(lab: Lab) -> None:
    node = await lab.node(None, "--nodes", "3", "--http-port", "0", "--drain", "0")
    assert [what for what, _ in node.listeners] == ["chat", "chat", "chat", "http"]
    assert {address.host for _, address in node.listeners} == {"127.0.0.1"}
    assert len({address.port for _, address in node.listeners}) == 4
    for address in node.addresses:
        await (await lab.connect(address)).ask("ping")
    node.terminate()
    assert await node.wait() == 0
    assert await node.rest_of_output() == ""


async def test_several_nodes_listen_on_consecutive_ports(lab: Lab) -> None:
    server = lab.unstarted_redis()  # Only for its port, which is free, and no other's.
    node = await lab.node(None, "--port", str(server.port), "--nodes", "2", "--host", "::1")
    assert node.addresses == [("::1", server.port), ("::1", server.port + 1)]
    await lab.member(node.addresses[1], "ana")


async def test_the_first_line_tells_the_version_and_where_the_data_are(lab: Lab) -> None:
    # Nothing listens at this port: the node starts all the same.
    server = lab.unstarted_redis()
    url = f"redis://ana:geheim@127.0.0.1:{server.port}/3"
    node = await lab.node(None, "--redis-url", url, "--drain", "0")
    line = await node.logs(" starting ")
    assert line == node.log.splitlines()[0]
    assert line.endswith(f" version={version()} broker=redis://***@127.0.0.1:{server.port}/3")
    node.terminate()
    await node.wait()
    assert "geheim" not in node.log and "keeps nothing" not in node.log


async def test_the_embedded_broker_is_said_to_share_and_keep_nothing(lab: Lab) -> None:
    node = await lab.node(None, "--drain", "0")
    assert (await node.logs(" starting ")).endswith(" broker=memory://")
    await node.logs("this process shares nothing with other processes, and keeps nothing")


async def test_a_node_that_drains_says_how_to_end_it_at_once(lab: Lab) -> None:
    node = await lab.node(None, "--drain", "60")
    await lab.member(node.address, "ana")
    node.interrupt()
    await node.logs("another Ctrl-C or SIGTERM ends at once")
    node.interrupt()
    assert await node.wait() == 130


BAD_SETTINGS: list[tuple[tuple[str, ...], dict[str, str], str]] = [
    (("--port", "70000"), {}, "--port"),
    (("--port", "http"), {}, "--port"),
    (("--grace", "-1"), {}, "--grace"),
    (("--grace", "nan"), {}, "--grace"),
    (("--rate", "fast"), {}, "--rate"),
    (("--history", "0"), {}, "--history"),
    (("--log-level", "loud"), {}, "--log-level"),
    (("--redis-url", "http://localhost"), {}, "--redis-url"),
    (("--nodes", "2", "--redis-url", "redis://localhost"), {}, "--nodes"),
    (("--tls-cert", __file__), {}, "--tls-"),
    (("--tls-cert", "/nowhere", "--tls-key", "/nowhere"), {}, "--tls-cert"),
    (("--colour", "blue"), {}, "--colour"),
    ((), {"CHAT_DRAIN": "soon"}, "CHAT_DRAIN"),
    ((), {"CHAT_TOKEN_FILE": "/nowhere"}, "CHAT_TOKEN_FILE"),
]


@pytest.mark.parametrize(("flags", "variables", "named"), BAD_SETTINGS)
async def test_a_bad_setting_ends_the_process_with_one_line_that_names_it(
    lab: Lab, flags: tuple[str, ...], variables: dict[str, str], named: str
) -> None:
    node = NodeProcess(lab.directory / "node.log", *flags, **variables)
    assert await node.run() == (2, "")
    assert node.log.count("\n") == 1 and named in node.log


async def test_what_kubernetes_sets_for_a_service_is_ignored_with_one_warning(lab: Lab) -> None:
    node = await lab.node(None, "--drain", "0", CHAT_GRACE="tcp://10.0.0.1:9999")
    await lab.member(node.address, "ana")
    await node.logs("CHAT_GRACE")
    warnings = [line for line in node.log.splitlines() if " warning " in line]
    assert len(warnings) == 1 and "ignored CHAT_GRACE: Kubernetes" in warnings[0]


async def test_a_mistyped_variable_is_named_in_one_warning_without_its_value(lab: Lab) -> None:
    node = await lab.node(None, "--drain", "0", CHAT_TOKN="sesame")
    await lab.member(node.address, "ana")
    await node.logs("did you mean CHAT_TOKEN?")
    warnings = [line for line in node.log.splitlines() if " warning " in line]
    assert len(warnings) == 1 and "ignored CHAT_TOKN," in warnings[0] and "sesame" not in node.log


async def test_a_port_that_is_taken_ends_the_process_with_an_error(lab: Lab) -> None:
    first = await lab.node(None)
    second = NodeProcess(lab.directory / "second.log", "--port", str(first.address.port))
    status, output = await second.run()
    assert status not in (0, 2) and output == ""
    assert str(first.address.port) in second.log and "Traceback" not in second.log


async def test_a_node_is_ready_only_while_the_broker_delivers(lab: Lab) -> None:
    server = lab.unstarted_redis()
    node = await lab.node(server, "--http-port", "0")
    assert (await web.get(node.http, "/healthz"))[0] == 200
    reason = await web.ready(node.http, wanted=False)
    assert reason.strip() and reason.count("\n") == 1
    await server.start()
    await web.ready(node.http)
    talker = await lab.member(node.address, "ana")
    # Its sockets stay open, but nothing comes back: 5 s for the probe, and some to spare.
    server.pause()
    await web.ready(node.http, wanted=False, within=5 + 3)
    assert (await web.get(node.http, "/healthz"))[0] == 200
    error = await talker.ask("rooms")
    assert (error["code"], error["retry_after_ms"] > 0) == ("unavailable", True)
    assert (await talker.ask("ping"))["type"] == "pong"
    server.resume()
    await web.ready(node.http)
    await talker.say("general", "still here", "1")
    assert not talker.seen("bye")


async def test_metrics_are_in_the_format_of_prometheus(lab: Lab) -> None:
    node = await lab.node(None, "--nodes", "2", "--name", "try", "--http-port", "0")
    talkers = [await lab.member(address, f"t{n}") for n, address in enumerate(node.addresses)]
    await talkers[0].say("general", "hi", "1")
    await talkers[1].expect("message")
    await talkers[0].refused("dance", "unknown-type")
    status, body = await web.get(node.http, "/metrics")
    families = list(text_string_to_metric_families(body))
    samples = [sample for family in families for sample in family.samples]
    assert status == 200 and families
    assert {"try-1", "try-2"} <= {sample.labels.get("node") for sample in samples}
    refused = [s.value for s in samples if "unknown-type" in s.labels.values()]
    assert sum(refused) == 1
    assert (await web.get(node.http, "/elsewhere"))[0] == 404


async def test_logs_go_to_standard_error_as_json_and_hold_no_text(lab: Lab) -> None:
    node = await lab.node(None, "--log-format", "json", "--log-level", "debug", "--drain", "0")
    secret = "the key of a session that must not be seen"
    talker = await lab.member(node.address, "ana", key=secret)
    await talker.say("general", "a text that is nobody's business", "1")
    await talker.refused("send", "not-in-room", room="somewhere", text="nobody's business either")
    node.terminate()
    assert await node.wait() == 0
    for line in node.log.splitlines():
        assert isinstance(json.loads(line), dict)
    assert node.log and "business" not in node.log and secret not in node.log


async def test_a_loss_of_data_is_one_line(lab: Lab) -> None:
    server = await lab.redis()
    node = await lab.node(server, "--drain", "0")
    talker = await lab.member(node.address, "ana")
    admin: Any = redis.Redis.from_url(server.url, retry=None)
    await admin.flushall()
    await admin.aclose()
    await node.logs("Redis has lost data of sessions")
    await talker.say("general", "still here", "1")
    node.terminate()
    await node.wait()
    assert node.log.count("Redis has lost data of sessions") == 1


async def test_too_many_requests_are_refused_until_the_time_that_is_told(lab: Lab) -> None:
    node = await lab.node(None, "--rate", "4/10")
    talker = await lab.member(node.address, "ana")
    for number in range(20):
        talker.send("ping", ref=f"ping {number}")
        talker.send("pong")
    for number in range(20):
        await talker.expect("pong", ref=f"ping {number}")
    for number in range(30):
        talker.send("send", room="general", text="hi", id=str(number), ref=str(number))
    answers = [await talker.expect_any("ack", "error", ref=str(n)) for n in range(30)]
    # The hello was one of the ten; while all this was said, a few more have become due.
    taken = [answer for answer in answers if answer["type"] == "ack"]
    assert 9 <= len(taken) < 30
    last = answers[-1]
    assert (last["code"], last["id"]) == ("rate-limited", "29")
    assert 0 < last["retry_after_ms"] <= 1000 / 4 + 1
    assert (await talker.ask("ping"))["type"] == "pong"
    await asyncio.sleep(last["retry_after_ms"] / 1000)
    talker.send("send", room="general", text="hi", id="29")
    talker.send("rooms", ref="rooms")  # at once: by the time of the answer it may be due
    await talker.expect("ack", id="29")
    assert (await talker.expect("error", ref="rooms"))["code"] == "rate-limited"
    talker.send("quit")
    await talker.expect("bye", reason="quit")


async def test_help_names_every_setting_with_its_variable(lab: Lab) -> None:
    node = NodeProcess(lab.directory / "help.log", "--help")
    status, shown = await node.run()
    assert status == 0
    no_settings = {"--help", "--completion", "--version"}
    flags = set(re.findall(r"--[a-z-]+", shown)) - no_settings
    assert len(flags) >= 18
    for flag in flags:
        assert "CHAT_" + flag[2:].upper().replace("-", "_") in shown, flag
