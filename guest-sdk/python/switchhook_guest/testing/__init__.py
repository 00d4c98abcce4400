"""A simulated call for unit tests of handlers: a caller with a script, a host in memory, virtual time.

    report = Caller().hears_out().presses("1").nobody_answers().run(handle)
    assert report.commands == ["answer", "connect 20", "close"]

Time passes only while the handler waits; a call of a minute takes a moment. What is played is heard at once, at the pace of
speech. Codes and states are those of the contract; what needs a grant raises ``NotGranted``, but for recordings when they are
granted. A handler that spins without awaiting hangs.
"""

from .caller import Caller, Report

__all__ = ["Caller", "Report"]
