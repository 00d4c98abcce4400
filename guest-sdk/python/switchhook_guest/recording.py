"""Recording by the host: WAV files in its data directory, named by reference.

Needs the grant ``recording``; without it every function raises ``NotGranted``. They wait for the host's disk, a moment, and this
handler with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from wit_world.imports import recording as host

from .failure import NotNow, asked

__all__ = ["Side", "delete", "play", "record", "start", "stop"]


class Side(StrEnum):
    """What is recorded."""

    HEARD = "heard"
    """What the handler hears."""
    SAID = "said"
    """What it says."""
    BOTH = "both"
    """Both as two channels: heard left, said right."""
    LEGS = "legs"
    """The legs of the call as two channels: channel 1 left, 2 right."""


def start(side: Side = Side.HEARD) -> str:
    """Starts one, and answers its reference."""
    return asked(host.start, str(side))


def stop() -> None:
    """Ends it: the file is complete."""
    asked(host.stop)


@contextmanager
def record(side: Side = Side.HEARD) -> Iterator[str]:
    """A recording as a context: ``with record() as reference: ...``. One that ended by itself meanwhile is fine."""
    reference = start(side)
    try:
        yield reference
    finally:
        try:
            stop()
        except NotNow:
            pass


def play(reference: str) -> None:
    """Queues a recording for playout, whole or ``Full``."""
    asked(host.play, reference)


def delete(reference: str) -> None:
    """Removes a recording."""
    asked(host.delete, reference)
