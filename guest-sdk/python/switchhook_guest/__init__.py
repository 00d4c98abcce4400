"""Call handlers in Python: ``async def handle(call: Call) -> None``.

What reaches beyond the call has a module of its own, `socket` too: a component imports the interfaces of the modules that it imports.
"""

from .audio.prompt import Prompt
from .call import Call, Pcm, race
from .failure import (
    CallEnded,
    Failure,
    Full,
    Invalid,
    InvalidCommand,
    LinkLost,
    NoAnswer,
    NotGranted,
    NotNow,
    NotSupported,
    StorageFailed,
    Unanswered,
)
from .stream import Stream

__all__ = [
    "Call",
    "CallEnded",
    "Failure",
    "Full",
    "Invalid",
    "InvalidCommand",
    "LinkLost",
    "NoAnswer",
    "NotGranted",
    "NotNow",
    "NotSupported",
    "Pcm",
    "Prompt",
    "StorageFailed",
    "Stream",
    "Unanswered",
    "race",
]
