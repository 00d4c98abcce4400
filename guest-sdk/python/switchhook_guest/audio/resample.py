"""From one sample rate to another: a whole utterance, or a stream piece by piece."""

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
    resampler = Resampler(from_hz, to_hz)
    result = resampler.push(samples)
    result.extend(resampler.finish())
    return result


class Resampler:
    """The same for a stream: what is pushed comes out at another rate, as if it had been resampled whole, 8 samples of the
    lower rate later. In a component a second of it takes some twenty milliseconds."""

    def __init__(self, from_hz: int, to_hz: int) -> None:
        self._from, self._to = from_hz, to_hz
        self._same = from_hz == to_hz or not from_hz or not to_hz
        if self._same:
            return
        self._phases = min(to_hz // gcd(from_hz, to_hz), PHASES_MAX)
        cutoff = min(to_hz / from_hz, 1.0)
        self._reach = ceil(REACH / cutoff)
        self._filters = [_filter(phase / self._phases, cutoff, self._reach) for phase in range(self._phases)]
        self._begin()

    def _begin(self) -> None:
        # Before the beginning is silence.
        self._kept = [0.0] * (self._reach - 1)
        self._first = self._index = self._pushed = 0

    def push(self, piece: array[int]) -> array[int]:
        """Takes a piece; what is certain by now."""
        if self._same:
            return array("h", piece)
        self._kept.extend(map(float, piece))
        self._pushed += len(piece)
        certain = max(0, (self._pushed - self._reach) * self._to // self._from)
        return self._until(certain)

    def finish(self) -> array[int]:
        """The stream is over: the rest, as if silence followed. It can begin anew."""
        if self._same:
            return array("h")
        self._kept.extend([0.0] * (self._reach + 1))
        rest = self._until(self._pushed * self._to // self._from)
        self._begin()
        return rest

    def _until(self, end: int) -> array[int]:
        made = array("h")
        kept, first, width = self._kept, self._first, 2 * self._reach
        for index in range(self._index, end):
            place, rest = divmod(index * self._from, self._to)
            place -= first
            value = round(sumprod(self._filters[rest * self._phases // self._to], kept[place : place + width]))
            made.append(max(-32_768, min(32_767, value)))
        self._index = max(self._index, end)
        done = min(len(kept), self._index * self._from // self._to - first)
        del kept[:done]
        self._first += done
        return made


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
