"""An event loop on virtual time: when nothing is ready, time jumps to the next timer.

Nothing waits, and nothing depends on the machine: a run is a function of what is scheduled.
Callbacks carry the node they belong to in their context, so that all of a node's can be held back,
as those of a process that is stopped.
"""

import asyncio
import heapq
import itertools
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar
from random import Random
from typing import Any

NODE: ContextVar["object | None"] = ContextVar("node", default=None)
"""The node whose code runs."""


class Delivery(asyncio.TimerHandle):
    """A timer that brings something from the network."""

    __slots__ = ()


class Stuck(Exception):
    """Nothing is going to happen any more."""


class VirtualLoop(asyncio.BaseEventLoop):
    """Runs callbacks in the order of their virtual times, those of one time first in, first out."""

    def __init__(self, start: float) -> None:
        super().__init__()
        self.now = start
        self.ran = 0
        self._due: deque[asyncio.Handle] = deque()
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._numbers = itertools.count()
        self._held: dict[object, list[asyncio.Handle]] = {}

    def time(self) -> float:
        """Return the virtual time in seconds."""
        return self.now

    # What asyncio asks of a loop

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        """Run a callback after those that are due already."""
        handle = asyncio.Handle(callback, args, self, context)
        self._due.append(handle)
        return handle

    def call_at(  # type: ignore[override]
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Run a callback at a time."""
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self._timers, (when, next(self._numbers), timer))
        return timer

    def call_later(  # type: ignore[override]
        self,
        delay: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Run a callback after some seconds."""
        return self.call_at(self.now + delay, callback, *args, context=context)

    def deliver_at(
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
    ) -> None:
        """Run a callback at a time, because the network brings something."""
        timer = Delivery(when, callback, args, self, context)
        heapq.heappush(self._timers, (when, next(self._numbers), timer))

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Run until some work is done, and end all tasks."""
        try:
            self.run_until_complete(work)
        finally:
            self._held.clear()
            tasks = asyncio.all_tasks(self)
            for task in tasks:
                task.cancel()
            if tasks:
                self.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
            self.close()

    def _run_once(self) -> None:
        """Run what is due, time after time; called by BaseEventLoop.run_forever for ever."""
        while not self._stopping:  # type: ignore[attr-defined]
            self._run_due()

    def _run_due(self) -> None:
        timers, due = self._timers, self._due
        if not due:
            while timers and timers[0][2].cancelled():
                heapq.heappop(timers)
            if not timers:
                raise Stuck("no callback and no timer is left")
            self.now = max(self.now, timers[0][0])
        while timers and timers[0][0] <= self.now:
            due.append(heapq.heappop(timers)[2])
        for _ in range(len(due)):
            handle = due.popleft()
            if handle.cancelled():
                continue
            if self._held:
                held = self._held.get(handle._context.get(NODE))  # type: ignore[attr-defined]
                if held is not None:
                    held.append(handle)
                    continue
            self.ran += 1
            handle._run()

    def _write_to_self(self) -> None:
        """There is no other thread to be woken by."""

    def _process_events(self, event_list: object) -> None:
        """There are no sockets."""

    # Stopped processes

    def hold(self, node: object) -> None:
        """Hold back all callbacks of a node."""
        self._held.setdefault(node, [])

    def release(self, node: object, random: Random) -> None:
        """Let a node's callbacks run, in an order in which a process may find them."""
        held = self._held.pop(node, [])
        brought = [handle for handle in held if isinstance(handle, Delivery)]
        others = [handle for handle in held if not isinstance(handle, Delivery)]
        self._due.extend(random.choice((held, brought + others, others + brought)))

    def is_held(self, node: object) -> bool:
        """Say whether a node is stopped."""
        return node in self._held
