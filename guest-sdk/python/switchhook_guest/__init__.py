"""Call handlers in Python: ``async def handle(call: Call) -> None``."""

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
from .socket import Socket
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
    "Socket",
    "StorageFailed",
    "Stream",
    "Unanswered",
    "race",
]
