"""``python -m client``: starts the full screen, or the filter without a terminal."""

import asyncio
import gc
import os
import random
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable

from client.cli.command_line import is_stdin_terminal
from client.cli.input_lines import LONGEST
from client.cli.options import Options, is_terminal, login_nick, parse_options
from client.cli.stdio import ErrorOutput, Output, read_lines, watch_reader
from client.protocol.errors import RequestRefused

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> None:
    """Run the client, and exit with its status."""
    _open_standard_streams()
    try:
        status = asyncio.run(_run(parse_options()))
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)


def _open_standard_streams() -> None:
    """Open closed standard streams on /dev/null, or a socket would get their number and output."""
    for fd in (0, 1, 2):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


async def _run(options: Options) -> int:
    report = ErrorOutput(2)
    try:
        if not is_terminal() or options.listen or options.json:
            return await _run_filter(options, report)
        run = _load_screen()
        return await run(options)
    except RequestRefused as error:  # a name in the command line cannot be sent
        report(str(error))
        return 2
    finally:
        report.finish()


def _load_screen() -> Callable[[Options], Awaitable[int]]:
    """Import the screen, and return what runs it; a filter does not wait for that.

    Modules make no garbage: the collector, which would run some twenty times, is off meanwhile,
    and does not look at them later.
    """
    gc.disable()
    from client.tui.start import run

    gc.freeze()
    gc.enable()
    return run


async def _run_filter(options: Options, report: ErrorOutput) -> int:
    from client.cli import filter_mode

    listens = options.listen or (options.json and is_stdin_terminal())
    chat = filter_mode.open_chat(options, login_nick(), random.random)
    write = Output(1).write
    if listens:
        listening = asyncio.ensure_future(filter_mode.listen(chat, options, write, report))
        watch_reader(1, listening.cancel)
        return await _until_signal(listening, stopped=0)
    sending = filter_mode.send(chat, options, _lines(), write, report)
    return await _until_signal(sending, stopped=None)


def _lines() -> AsyncIterator[bytes | None]:
    return read_lines(0, LONGEST)


async def _until_signal(work: Awaitable[int], stopped: int | None) -> int:
    """Return the result of ``work``; on a signal cancel it and return ``stopped``.

    ``stopped`` None stands for the status that a shell reports for that signal. A second signal
    ends the process at once. Signals that were ignored at the start (nohup, background jobs of a
    script) stay ignored.
    """
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work)
    caught: list[int] = []
    heeded = [each for each in _SIGNALS if signal.getsignal(each) is not signal.SIG_IGN]

    def stop(number: int) -> None:
        caught.append(number)
        for each in heeded:
            loop.remove_signal_handler(each)
            signal.signal(each, signal.SIG_DFL)
        task.cancel()

    for number in heeded:
        loop.add_signal_handler(number, stop, number)
    await asyncio.wait([task])
    if task.cancelled() and not caught:  # the reader of the output is gone
        return 0
    if caught and (task.cancelled() or stopped is not None):
        return 128 + caught[0] if stopped is None else stopped
    return task.result()


if __name__ == "__main__":
    main()
