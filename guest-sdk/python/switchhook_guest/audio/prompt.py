"""What a handler says: made ready while the component is built."""

from __future__ import annotations

import sys
from array import array
from pathlib import Path

from .resample import resample
from .wav import read_wav

RATES_HZ = (8_000, 16_000, 24_000)
"""The sample rates of calls, Hz."""


class Prompt:
    """A WAV file (16-bit PCM, mono) at every rate that a call may have.

    Made at the top of a module, it is read and resampled while the component is built, and costs a call nothing:
    ``HELLO = Prompt.load("hello.wav")``.
    """

    def __init__(self, file: bytes) -> None:
        self._rate_hz, self._samples = read_wav(file)
        self._rates = {rate_hz: resample(self._samples, self._rate_hz, rate_hz) for rate_hz in RATES_HZ}

    @classmethod
    def load(cls, name: str) -> Prompt:
        """Reads a file where modules are imported from: beside the sources, or in a folder of ``--path``."""
        for folder in sys.path:
            if (path := Path(folder) / name).is_file():
                return cls(path.read_bytes())
        raise FileNotFoundError(f"{name} is in none of {sys.path}: a prompt is read while the component is built")

    def at(self, sample_rate_hz: int) -> array[int]:
        """Its samples at a rate."""
        if sample_rate_hz not in self._rates:
            self._rates[sample_rate_hz] = resample(self._samples, self._rate_hz, sample_rate_hz)
        return self._rates[sample_rate_hz]
