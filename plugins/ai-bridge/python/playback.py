"""How much of an answer can have been heard, by the ledger.

An answer begins behind all that was queued before, less what will never be heard: it was cleared, or the voice broke. What a
broken voice had not played is a gap in the answer: the caller did not hear it, and is behind it as soon as more is heard.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass
class Answer:
    """All in samples."""

    begin: int
    """Where it begins among what is heard."""
    length: int = 0
    whole: bool = False
    """All of it came."""
    passed: int = 0
    """What was lost of it before what was heard last."""
    gap_at: int = 0
    """So much of it had been heard when the voice broke last."""
    gap: int = 0
    """And so much behind that was lost."""


class Playback:
    """All in samples. ``position`` is the ledger's."""

    def __init__(self, position: Callable[[], Any]) -> None:
        self.pushed = 0
        self._gone = 0
        self._lost = 0
        self._answer: Answer | None = None
        self._position = position

    def begins(self) -> None:
        """Audio of an answer comes, the next one or the present."""
        if self._answer is None or self._answer.whole:
            self._answer = Answer(self.pushed - self._gone)

    def came(self, samples: int) -> None:
        self.pushed += samples
        if self._answer:
            self._answer.length += samples

    def is_whole(self) -> None:
        if self._answer:
            self._answer.whole = True

    def comes(self) -> bool:
        """Whether more of an answer is to come."""
        return self._answer is not None and not self._answer.whole

    def sounds(self) -> bool:
        """Whether there is an answer that was not heard to its end."""
        answer = self._answer
        return answer is not None and (not answer.whole or self._reached(answer) < answer.length)

    def cleared(self) -> int:
        """Everything was cleared: how much of the answer was heard."""
        reached = self._reached(self._answer) if self._answer else 0
        self._gone = self.pushed - self._position().heard
        self._lost = self._unheard()
        self._answer = None
        return reached

    def broke(self) -> None:
        """The voice broke: what was sent and not heard never will be."""
        lost = self._unheard()
        samples = lost - self._lost
        self._lost = lost
        self._gone += samples
        answer, heard = self._answer, self._position().heard
        if answer is None:
            return
        # What came before the answer is lost first.
        before = min(max(0, answer.begin - heard), samples)
        answer.begin -= before
        at = max(0, heard - answer.begin)
        if at > answer.gap_at:
            answer.passed += answer.gap
            answer.gap_at, answer.gap = at, 0
        answer.gap += samples - before

    def _unheard(self) -> int:
        position = self._position()
        return position.sent - position.heard

    def _reached(self, answer: Answer) -> int:
        """How far the caller is in it."""
        heard = max(0, self._position().heard - answer.begin)
        return min(answer.length, heard + answer.passed + (answer.gap if heard > answer.gap_at else 0))
