"""Logs: one line a record, with its facts, in either form."""

import asyncio
import io
import json
import logging
import os
import re
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from node.telemetry import log_queue, logs


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Put the logging of the test run back as it was."""
    root = logging.getLogger()
    handlers, level, complain = root.handlers[:], root.level, logging.raiseExceptions
    yield
    logs._lines = None
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.raiseExceptions = complain


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


def record(message: str, **extra: Any) -> logging.LogRecord:
    fields = {"created": 1795486460.25, "levelno": 30, "levelname": "WARNING", "name": "node.net"}
    return logging.makeLogRecord(fields | {"msg": message} | extra)


def test_a_text_line_has_time_level_logger_message_and_extras() -> None:
    line = logs.TextFormatter().format(record("closed", connection=7, reason="idle"))
    time, rest = line.split(" ", 1)
    assert time == "2026-11-24T02:14:20.250Z"
    assert rest == "warning node.net closed connection=7 reason=idle"


def test_a_json_line_has_the_same_as_fields() -> None:
    line = logs.JsonFormatter().format(record("closed", connection=7, reason="idle"))
    assert json.loads(line) == {
        "time": "2026-11-24T02:14:20.250Z",
        "level": "warning",
        "logger": "node.net",
        "message": "closed",
        "connection": 7,
        "reason": "idle",
    }


def test_every_line_names_a_node_the_process_s_own_unless_another_is_given() -> None:
    own = json.loads(logs.JsonFormatter("chat").format(record("lost the connection to Redis")))
    assert own["node"] == "chat"
    line = logs.TextFormatter("chat").format(record("closed", node="chat-2", connection=7))
    assert line.endswith("closed node=chat-2 connection=7")


class Faulty:
    """A protocol that knows what the log should say of it."""

    def facts(self) -> dict[str, object]:
        return {"node": "n1", "connection": 7}


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_uncaught_exception_names_its_connection_and_quotes_no_user(
    stream: io.StringIO, form: str
) -> None:
    logs.configure("info", form, stream)
    loop = asyncio.new_event_loop()
    try:
        raise RuntimeError("out of order")
    except RuntimeError as error:
        context = {"message": "it failed", "exception": error, "protocol": Faulty()}
        logs.on_fault(loop, context | {"handle": "<Handle say('secret')>"})
    logs.on_fault(loop, {"message": "something else"})
    loop.close()
    first, *_, last = stream.getvalue().splitlines()
    shown = ("n1", "7") if form == "text" else ('"n1"', "7")
    for word in ("it failed", *shown):
        assert word in first
    assert "something else" in last
    assert "out of order" in stream.getvalue() and "secret" not in stream.getvalue()


def test_a_connection_that_was_given_up_while_it_failed_is_no_fault(stream: io.StringIO) -> None:
    logs.configure("info", "text", stream)
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(logs.on_fault)
    for error in (ConnectionResetError("the peer hung up"), RuntimeError("out of order")):
        given_up = loop.create_future()
        given_up.set_exception(error)
        del given_up
    loop.close()
    assert "out of order" in stream.getvalue() and "hung up" not in stream.getvalue()


def test_a_message_cannot_forge_a_line_nor_move_the_cursor() -> None:
    for form in (logs.TextFormatter(), logs.JsonFormatter()):
        line = form.format(record("a\nb\x1b[2J\x9b\ud800", peer="x\ny \x1b"))
        assert line.isprintable()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("", '""'),
        ("a b", '"a b"'),
        ("\u2028\x85\u202e", '"\\u2028\\u0085\\u202e"'),
        ("a=b", '"a=b"'),
        ('"', '"\\""'),
        (None, "None"),
        (1.5, "1.5"),
    ],
)
def test_text_values_are_quoted_where_they_must_be(value: object, shown: str) -> None:
    assert logs.TextFormatter().format(record("m", fact=value)).endswith(f" m fact={shown}")


def test_text_keeps_other_scripts_and_json_is_ascii() -> None:
    assert "日本" in logs.TextFormatter().format(record("日本"))
    line = logs.JsonFormatter().format(record("日本"))
    assert line.isascii()
    assert json.loads(line)["message"] == "日本"


def test_json_takes_any_extra_but_none_in_the_place_of_its_own() -> None:
    line = logs.JsonFormatter().format(record("m", level="mine", odd={1, 2}, error=OSError("x")))
    found = json.loads(line)
    assert found["level"] == "warning"
    assert found["odd"] == "{1, 2}"
    assert found["error"] == "x"


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_exception_is_told_with_its_traceback(stream: io.StringIO, form: str) -> None:
    logs.configure("info", form, stream)
    try:
        raise RuntimeError("out of order")
    except RuntimeError:
        logging.getLogger("node").exception("failed", stack_info=True)
    text = stream.getvalue()
    if form == "json":
        assert text.count("\n") == 1
        text = json.loads(text)["exception"]
    assert "RuntimeError: out of order" in text
    assert "Stack (most recent call last)" in text


def test_less_than_the_level_is_not_logged(stream: io.StringIO) -> None:
    logs.configure("warning", "text", stream)
    logging.getLogger("node").info("quiet")
    logging.getLogger("node").warning("loud %d", 1)
    assert stream.getvalue().count("\n") == 1
    assert "loud 1" in stream.getvalue()


def test_configuring_again_replaces_the_configuration(stream: io.StringIO) -> None:
    logs.configure("info", "text", io.StringIO())
    logs.configure("info", "json", stream)
    logging.getLogger("node").info("once", extra={"node": "n1"})
    assert json.loads(stream.getvalue())["node"] == "n1"


def test_the_default_is_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", "text")
    logging.getLogger("node").info("here")
    out, err = capsys.readouterr()
    assert out == ""
    assert "here" in err


def test_warnings_are_logged(stream: io.StringIO) -> None:
    logs.configure("info", "text", stream)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("beware", stacklevel=1)
    assert "py.warnings" in stream.getvalue()


def test_a_closed_stream_does_no_harm(
    stream: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("info", "text", stream)
    stream.close()
    logging.getLogger("node").info("nobody hears")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_log_to_a_pipe_is_written_by_a_thread_and_says_what_was_dropped(
    form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.telemetry.log_queue.HELD_MOST", 100_000)
    read, write = os.pipe()
    with open(write, "w") as stream, open(read, encoding="utf-8") as reader:
        logs.configure("info", form, stream, node="n1")
        fact = ["as it was"]
        logging.getLogger("node").info("first", extra={"fact": fact})
        fact[0] = "otherwise"
        for _ in range(2000):
            logging.getLogger("node").info("x" * 100)
        assert logs.dropped() > 100
        assert "as it was" in reader.readline()
        whole = told = 0
        while whole + told < 2000:
            line = reader.readline()
            if "x" * 100 in line:
                whole += 1
            else:
                assert "were dropped" in line and "n1" in line
                told += int(re.findall("[0-9]+", line)[-1])
        assert told == logs.dropped()
        log_queue.flush()


def test_without_a_log_a_complaint_goes_to_standard_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.complain("chat-node: no")
    assert capsys.readouterr().err == "chat-node: no\n"
