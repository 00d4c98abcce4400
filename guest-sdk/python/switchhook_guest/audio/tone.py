"""Sounds without a file."""

from __future__ import annotations

from array import array
from math import sin, tau

FADE_MS = 4
"""A fade at both ends, ms: without it a tone begins and ends with a click."""


def tone(freq_hz: float, amplitude: float, sample_rate_hz: int, ms: int) -> array[int]:
    """A sine tone with soft ends. ``amplitude`` is a part of full scale, 0 to 1."""
    return tones([freq_hz], amplitude, sample_rate_hz, ms)


def tones(freqs_hz: list[float], amplitude: float, sample_rate_hz: int, ms: int) -> array[int]:
    """The sum of sine tones of the same amplitude, with soft ends."""
    count = sample_rate_hz * ms // 1_000
    fade = max(1, min(sample_rate_hz * FADE_MS // 1_000, count // 2))
    peak = max(0.0, min(1.0, amplitude)) * 32_767
    turns = [tau * freq_hz / max(1, sample_rate_hz) for freq_hz in freqs_hz]

    def sample(index: int) -> int:
        soft = min(min(index, count - 1 - index) / fade, 1.0)
        return int(sum(sin(turn * index) for turn in turns) * soft * peak)

    return array("h", map(sample, range(count)))
