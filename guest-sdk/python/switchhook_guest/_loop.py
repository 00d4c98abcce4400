"""asyncio on the host: the loop that runs a handler, and waits in the host's events when nothing is left to do."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

from wit_world.imports import events, timers, types

from .failure import asked


class CallLoop(asyncio.BaseEventLoop):
    """One call's loop. Time is the host's: what is to happen later is one of its timers, of which 256 may run."""

    def __init__(self, take: Callable[[types.Event], None]) -> None:
        super().__init__()
        # The loop asks its selector what happened.
        self._selector = self
        self._take = take
        self._later: dict[int, _Timer] = {}
        self._over = False

    def select(self, timeout: float | None) -> list[object]:
        if timeout == 0:
            return []
        while not self._ready:
            event = events.next()
            if event is None:
                self.stop()
                break
            if isinstance(event, types.Event_Timer) and (timer := self._later.pop(event.value, None)):
                self._fire(timer)
            else:
                self._take(event)
        return []

    def fire_all(self) -> None:
        """The call is over, and so is every wait for time to pass."""
        self._over = True
        for timer in [*self._later.values()]:
            self._fire(timer)
        self._later.clear()

    def call_later(self, delay, callback, *args, context=None):
        timer = _Timer(self.time() + delay, callback, args, self, context)
        if self._over:
            self._ready.append(timer)
            return timer
        timer.id = asked(timers.set, max(0, math.ceil(delay * 1_000 - 1e-6)), False)
        timer._scheduled = True
        self._later[timer.id] = timer
        return timer

    def call_at(self, when, callback, *args, context=None):
        return self.call_later(when - self.time(), callback, *args, context=context)

    def _fire(self, timer: _Timer) -> None:
        timer._scheduled = False
        self._ready.append(timer)

    def _timer_handle_cancelled(self, handle) -> None:
        if self._later.pop(handle.id, None):
            timers.cancel(handle.id)

    def _process_events(self, event_list) -> None:
        pass

    def _write_to_self(self) -> None:
        # No other thread wakes it.
        pass


class _Timer(asyncio.TimerHandle):
    __slots__ = ("id",)
