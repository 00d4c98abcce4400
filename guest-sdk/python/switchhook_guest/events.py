"""The contract as an event loop, for handlers that want nothing in between: a plain ``def handle(info)``."""

from __future__ import annotations

from collections.abc import Iterator

from wit_world.imports import events as host
from wit_world.imports.events import Waited
from wit_world.imports.types import Event


def events() -> Iterator[Event]:
    """The call's events to its end; ``Event_Ended`` is the last one."""
    while (event := host.next()) is not None:
        yield event


def next() -> Event | None:
    """Waits for the next event. ``None``: ``Event_Ended`` was given, and nothing will ever come again."""
    return host.next()


def next_within(seconds: float) -> Waited:
    """Waits for the next event, but no longer: 0 asks without waiting."""
    return host.next_within(max(0, round(seconds * 1_000)))
