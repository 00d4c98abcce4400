"""From one sample rate to another, for prompts: a whole utterance at a time."""

from __future__ import annotations

from array import array
from math import ceil, cos, gcd, pi, sin

from .pcm import sumprod

REACH = 8
"""Samples of the lower rate that one sample of the result is made of, to each side."""
PHASES_MAX = 256
"""Filters are kept for so many places between two samples; odd ratios of rates use the nearest."""


def resample(samples: array[int], from_hz: int, to_hz: int) -> array[int]:
    """The samples at another rate, by a windowed-sinc filter.

    Nothing above half of the lower rate comes through, and the band of a telephone stays as it is. The result is as long in
    time, to the sample. A second of it takes some ten milliseconds in a component: do it while the component is built, as
    ``Prompt`` does.
    """
    if from_hz == to_hz or not from_hz or not to_hz:
        return array("h", samples)
    phases = min(to_hz // gcd(from_hz, to_hz), PHASES_MAX)
    cutoff = min(to_hz / from_hz, 1.0)
    reach = ceil(REACH / cutoff)
    filters = [_filter(phase / phases, cutoff, reach) for phase in range(phases)]
    # Beyond both ends is silence.
    around = [0.0] * (reach - 1) + [float(sample) for sample in samples] + [0.0] * (reach + 1)
    result = array("h", bytes(2 * (len(samples) * to_hz // from_hz)))
    for index in range(len(result)):
        place, rest = divmod(index * from_hz, to_hz)
        value = round(sumprod(filters[rest * phases // to_hz], around[place : place + 2 * reach]))
        result[index] = max(-32_768, min(32_767, value))
    return result


def _filter(phase: float, cutoff: float, reach: int) -> list[float]:
    """The weights of the samples around a place ``phase`` behind a sample, which add up to 1."""

    def weight(index: int) -> float:
        distance = index - (reach - 1) - phase
        return _sinc(distance * cutoff) * (0.5 + 0.5 * cos(pi * distance / reach))

    weights = [weight(index) for index in range(2 * reach)]
    total = sum(weights)
    return [weight / total for weight in weights]


def _sinc(x: float) -> float:
    return 1.0 if abs(x) < 1e-6 else sin(pi * x) / (pi * x)
