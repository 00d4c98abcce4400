"""The contract as an event loop, for handlers that want nothing in between: a plain ``def handle(info)``."""

from __future__ import annotations

from collections.abc import Iterator

from wit_world.imports import events as host
from wit_world.imports.types import Event


def events() -> Iterator[Event]:
    """The call's events to its end; ``Event_Ended`` is the last one."""
    while (event := host.next()) is not None:
        yield event


next = host.next
next_within = host.next_within
