"""A durable store of this plugin, shared by all its calls. Needs the grant ``key_value``; without it everything raises
``NotGranted``. Each call waits for the host's disk, a moment, and this handler with it."""

from __future__ import annotations

from wit_world.imports import key_value as host

from .failure import asked


def get(key: str) -> bytes | None:
    """The value of a key. ``None``: there is none."""
    return asked(host.get, key)


def text(key: str) -> str | None:
    """The value of a key as text."""
    value = get(key)
    return None if value is None else value.decode()


def put(key: str, value: bytes | str, ttl_s: int | None = None) -> None:
    """Sets it, durably; forgotten after so many seconds."""
    asked(host.set, key, _bytes(value), ttl_s)


def delete(key: str) -> None:
    """Forgets it."""
    asked(host.delete, key)


def compare_and_set(key: str, expected: bytes | str | None, value: bytes | str, ttl_s: int | None = None) -> bool:
    """Sets it only when the present value is the expected one (``None``: there is none). Whether it was."""
    return asked(host.compare_and_set, key, None if expected is None else _bytes(expected), _bytes(value), ttl_s)


def _bytes(value: bytes | str) -> bytes:
    return value.encode() if isinstance(value, str) else value
