"""Configures logging: text or JSON lines on standard error.

A thread writes the lines, and drops them while nothing reads them, so logging never blocks. A line
is about a connection, a node or the broker, never about a message or its text. The message says
what happened; facts are in ``extra``. Every line names a node: the one in ``extra``, or else the
process's own.
"""

import asyncio
import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any, TextIO

from node.telemetry import log_queue
from wire.text import escape

# The attributes of every record; all others come from ``extra``.
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


log = logging.getLogger(__name__)

_lines: log_queue.LogQueue | None = None
"""The queue of lines to standard error; None if lines go straight to a stream."""


def configure(level: str, form: str, stream: TextIO | None = None, node: str = "") -> None:
    """Log records from ``level`` (debug, info, warning, error) up, as ``form`` (text or json).

    ``stream`` is standard error by default; ``node`` is the name in lines that have none. An
    earlier configuration is replaced.
    """
    formatter = JsonFormatter(node) if form == "json" else TextFormatter(node)
    handler = _handler(stream or sys.stderr, formatter)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    for earlier in root.handlers[:]:
        root.removeHandler(earlier)
    root.addHandler(handler)
    root.setLevel(level.upper())
    logging.captureWarnings(True)
    # If standard error is closed, a node runs on without a log.
    logging.raiseExceptions = False


def _handler(stream: TextIO | None, formatter: logging.Formatter) -> logging.Handler:
    global _lines

    def notice(count: int) -> str:
        about = {"name": __name__, "levelno": logging.WARNING, "levelname": "WARNING"}
        about |= {"msg": "log lines were dropped because nothing read them", "count": count}
        return formatter.format(logging.makeLogRecord(about))

    _lines = log_queue.of(stream, notice)
    return logging.StreamHandler(stream) if _lines is None else _Handler(_lines)


def complain(text: str) -> None:
    """Write a line to standard error that is not a log line."""
    if _lines is not None:
        _lines.put(text)
    else:
        print(text, file=sys.stderr)


def dropped() -> int:
    """Return how many log lines were dropped."""
    return 0 if _lines is None else _lines.dropped


class _Handler(logging.Handler):
    """Formats records at once, because their arguments may change, and queues the lines."""

    def __init__(self, to: log_queue.LogQueue) -> None:
        super().__init__()
        self._to = to

    def emit(self, record: logging.LogRecord) -> None:
        """Called by logging."""
        try:
            line = self.format(record)
        except Exception:
            self.handleError(record)
        else:
            self._to.put(line)

    def flush(self) -> None:
        """Called by logging when the process ends."""
        self._to.flush()


def on_fault(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log an uncaught exception; an exception handler for a loop.

    That of asyncio would log the arguments of callbacks, which may be texts of messages, and would
    not name the connection.

    A future, not a task, whose OSError nobody took is a connection that was given up while it
    failed: asyncio and uvloop cannot cancel a TLS handshake that has just ended.
    """
    error, future = context.get("exception"), context.get("future")
    if isinstance(error, OSError) and future is not None and not isinstance(future, asyncio.Task):
        log.debug("a connection that was given up failed: %s", error)
        return
    facts: dict[str, object] = getattr(context.get("protocol"), "facts", dict)()
    log.error(context["message"], exc_info=error, extra=facts)


class _Formatter(logging.Formatter):
    def __init__(self, node: str = "") -> None:
        super().__init__()
        self._node = node

    def extras(self, record: logging.LogRecord) -> dict[str, Any]:
        """Return the facts in ``extra``, and the node."""
        found = {name: value for name, value in vars(record).items() if name not in _OWN}
        return found if "node" in found or not self._node else {"node": self._node} | found


class JsonFormatter(_Formatter):
    """One JSON object a line: time, level, logger, message, then the extras.

    The line is ASCII, so that it does not depend on the encoding of the stream.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        fields: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if trace := _trace(self, record):
            fields["exception"] = trace
        # Fields that every line has win over those in ``extra``.
        fields |= {name: value for name, value in self.extras(record).items() if name not in fields}
        return json.dumps(fields, default=str)


class TextFormatter(_Formatter):
    """Time, level, logger, message, then the extras as name=value; a traceback follows."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and the lines of the traceback if there is one."""
        words = [_time(record), f"{record.levelname.lower():7}", record.name]
        words.append(escape(record.getMessage()))
        words += [f"{name}={_value(value)}" for name, value in self.extras(record).items()]
        line = " ".join(words)
        trace = _trace(self, record)
        return f"{line}\n{trace}" if trace else line


def _time(record: logging.LogRecord) -> str:
    """Return ISO 8601 in UTC, to the millisecond."""
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    parts = []
    if record.exc_info:
        parts.append(formatter.formatException(record.exc_info))
    if record.stack_info:
        parts.append(formatter.formatStack(record.stack_info))
    return "\n".join(parts)


def _value(value: object) -> str:
    text = str(value)
    plain = text.isprintable() and text and not any(mark in text for mark in ' "=')
    # What is printable stays readable; all else is escaped, so that no value can begin a line, turn
    # the direction of the text, or end before its quote.
    return text if plain else json.dumps(text, ensure_ascii=not text.isprintable())
