"""The host's log, for the standard library's ``logging``.

Each line carries the tenant, the call and the plugin's version by itself; 4 KiB of a line and 100 lines a second are kept. An
error is the host's warning: its own errors are its operator's.
"""

from __future__ import annotations

import logging

from wit_world.imports import log as host

_LEVELS = [
    (logging.ERROR, host.Level.ERROR),
    (logging.WARNING, host.Level.WARN),
    (logging.INFO, host.Level.INFO),
    (logging.DEBUG, host.Level.DEBUG),
]


class HostHandler(logging.Handler):
    """Writes records to the host's log."""

    def emit(self, record: logging.LogRecord) -> None:
        level = next((level for least, level in _LEVELS if record.levelno >= least), host.Level.TRACE)
        host.log(level, self.format(record))


def set_up() -> None:
    """Makes the root logger write here, from the level ``DEBUG`` on: the host has its own filter."""
    root = logging.getLogger()
    if not any(isinstance(handler, HostHandler) for handler in root.handlers):
        root.addHandler(HostHandler())
        root.setLevel(logging.DEBUG)
        logging.getLogger("asyncio").setLevel(logging.WARNING)
