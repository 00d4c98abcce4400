"""How loud it is, and whether somebody speaks."""

from __future__ import annotations

from collections.abc import Sequence
from math import log10

from .pcm import samples, sumprod

LEVEL_DBFS_MIN = -96.0
"""What silence measures, dB below full scale. Nothing is quieter."""

PART_MS = 10
"""Part of audio that is judged at once, ms."""
LOUD_PARTS = 4
"""Loud parts in a row, or nearly, that make speech."""
SPEECH_DBFS_MIN = -42.0
"""Never taken for speech, dB below full scale."""
ABOVE_NOISE_DB = 12.0
"""Speech is louder than the noise behind it by this, dB."""
NOISE_DBFS_MAX = -40.0
"""The noise behind is no louder than this, dB below full scale: steady speech must not pass for noise."""


def level_dbfs(samples: Sequence[int]) -> float:
    """The level of audio in dB below full scale: the root of the mean of the squares, so that a full-scale sine is about -3."""
    energy = sumprod(samples, samples)
    if energy == 0:
        return LEVEL_DBFS_MIN
    return max(LEVEL_DBFS_MIN, 10 * log10(energy / len(samples) / 32_767**2))


class Voice:
    """Tells speech from the noise behind it by its loudness, which is enough for barge-in and for the end of a message.

    Keys, music and coughs are speech to it. It knows 40 to 50 ms after the first loud sample: earlier, each click would be
    speech.
    """

    def __init__(self, sample_rate_hz: int) -> None:
        self._part_bytes = max(1, sample_rate_hz * PART_MS // 1_000) * 2
        self._rest = b""
        self._noise_dbfs = -60.0
        self._loud_parts = 0
        self.quiet_ms = 0
        """For how long nobody has spoken, ms of audio."""
        self.spoken_ms = 0
        """For how long somebody has spoken in all, ms of audio."""

    def hear(self, pcm: bytes) -> bool:
        """Hears the PCM of one frame. Whether somebody speaks at its end."""
        pcm = self._rest + pcm if self._rest else pcm
        whole = len(pcm) - len(pcm) % self._part_bytes
        for at in range(0, whole, self._part_bytes):
            self._judge(pcm[at : at + self._part_bytes])
        self._rest = pcm[whole:]
        return self.speaks

    @property
    def speaks(self) -> bool:
        """Whether somebody speaks."""
        return self._loud_parts >= LOUD_PARTS

    def _judge(self, part: bytes) -> None:
        level = level_dbfs(samples(part))
        loud = level > max(SPEECH_DBFS_MIN, self._noise_dbfs + ABOVE_NOISE_DB)
        # Down at once, up slowly: a voice pauses, noise does not.
        rise_db = 0.05 if level > self._noise_dbfs else 3.0
        towards = max(self._noise_dbfs - rise_db, min(level, self._noise_dbfs + rise_db))
        self._noise_dbfs = min(towards, NOISE_DBFS_MAX)
        self._loud_parts = min(self._loud_parts + 1, 2 * LOUD_PARTS) if loud else max(0, self._loud_parts - 1)
        if self.speaks:
            self.spoken_ms += PART_MS
            self.quiet_ms = 0
        else:
            self.quiet_ms += PART_MS
