"""What the operator configured for this plugin: the table ``config`` of its ``[[tenant.plugin]]``. It does not change during a
call."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, overload

from wit_world.imports import config as host

T = TypeVar("T")


@overload
def get(key: str) -> str | None: ...
@overload
def get(key: str, otherwise: T, read: Callable[[str], T] = ...) -> T: ...
def get(key, otherwise=None, read=None):
    """The value of one key, read as what stands for it is: ``get("ring_time_s", 20)`` is a number.

    What stands for it comes when the key is not set, or cannot be read.
    """
    text = host.get(key)
    if text is None:
        return otherwise
    if read is None:
        read = str if otherwise is None else type(otherwise)
    try:
        return read(text.strip())
    except ValueError:
        return otherwise


def all() -> dict[str, str]:
    """All of it."""
    return {field.name: field.value for field in host.all()}
