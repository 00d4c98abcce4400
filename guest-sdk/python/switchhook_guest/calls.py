"""Placing further calls, and beginning chats. Needs the grant ``calls``; without it both functions raise ``NotGranted``.

What is placed has a handler of its own, and does not end with this one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from componentize_py_types import Ok
from wit_world.imports import calls as host

from ._hub import current
from .failure import Failure, asked
from .limits import STEPS_MAX
from .stream import Stream

LAST = ("ended", "failed")
"""The last steps of what was placed."""


@dataclass(frozen=True)
class Step:
    """How far it came: ``claimed`` (the detail is the session's id), ``answered`` (the carrier's id of the call; never for a chat),
    ``ended`` (why), or ``failed``. Further ones may come."""

    name: str
    detail: str = ""
    failure: Failure | None = None


class Placed:
    """A call or chat that was placed: an async iterator of its steps, which end with ``ended``, ``failed``, or the handler's own
    call. Closed or forgotten, what was placed goes on."""

    def __init__(self, request: int) -> None:
        hub = current()
        self._off = hub.follow("placed", request, self._take)
        self._steps: Stream[Step] = Stream(STEPS_MAX, lambda _: self._off())
        hub.ends_with_call(self._steps)

    def __aiter__(self) -> Stream[Step]:
        return self._steps

    async def answered(self) -> str:
        """Waits until its own handler has answered it: the carrier's id of the call. Raises why that failed."""
        return await self._until("answered")

    async def ended(self) -> str:
        """Waits until it is over: the reason. Raises why it never came about."""
        return await self._until("ended")

    async def _until(self, name: str) -> str:
        while True:
            step = await self._steps.read()
            if step.failure:
                raise step.failure
            if step.name == name:
                return step.detail

    def _take(self, event: Any) -> None:
        step = event.value
        if isinstance(step.value, Ok):
            self._steps.push(Step(step.step, step.value.value))
        else:
            self._steps.push(Step(step.step, failure=Failure.of(step.value.value)))
        if step.step in LAST:
            self._off()
            self._steps.end()


def place(to: str, plugin: str) -> Placed:
    """Places a call that the named plugin of this tenant will handle.

    ``await calls.place("+15550100", "survey").answered()``, or ``async for step in calls.place(...)``.
    """
    return Placed(asked(host.place, to, plugin))


def begin_chat(to: str, plugin: str) -> Placed:
    """Begins a chat that the named plugin of this tenant will handle."""
    return Placed(asked(host.begin_chat, to, plugin))
