"""The keys that a caller presses, heard in band: each key is the sum of two tones (ITU-T Q.23).

The audio is cut into blocks of 10 ms, which are correlated with the eight tones, and judged in windows of two blocks. A key is a
window that holds two tones of the eight and hardly anything else, both at their pitch, which the turn of the phase from block to
block tells. It counts when two windows in a row agree, which a key of 40 ms always has, and ends when four in a row are without
it. What is nearly silent is not looked at.
"""

from __future__ import annotations

from array import array
from cmath import exp, phase
from math import tau

from .pcm import samples, sumprod
from .tone import tones

TONES_HZ = (697.0, 770.0, 852.0, 941.0, 1_209.0, 1_336.0, 1_477.0, 1_633.0)
"""The lower tone of each row of keys, and the higher one of each column, Hz."""
KEYS = ("123A", "456B", "789C", "*0#D")
"""All keys, by rows."""

BLOCKS_PER_S = 100
WINDOWS_DOWN = 2
"""Windows in a row that make a key."""
WINDOWS_UP = 4
"""Windows in a row without the key that make its end. A gap of 10 ms spoils three."""
SHARE_MIN = 0.84
"""Part of a window's energy that the two tones must hold. A pair that is 1.5 % off pitch holds 0.87."""
OFF_PITCH_MAX = 0.025
"""How far off pitch a tone may be, as a part of its pitch: 1.5 % must pass, 3.5 % must not."""
TWIST_MAX = 6.3
"""How much stronger one of the two may be than the other, as a ratio of energies: 8 dB."""
LEAD_MIN = 4.0
"""How much stronger each of the two is than the next tone of its group, as a ratio of energies: 6 dB."""
ENERGY_MIN = 32_767.0**2 * 6.3e-5
"""Mean energy of a sample below which there is no key: -42 dB below full scale."""
SILENCE_SHARE = 0.02
"""A block this much quieter than that has no part in a key."""


def key_tone(key: str, amplitude: float, sample_rate_hz: int, ms: int) -> array[int]:
    """The sound of a key, or silence for what is none. ``amplitude`` is that of each of its two tones, a part of full scale."""
    for row, keys in enumerate(KEYS):
        if (column := keys.find(key.upper())) >= 0:
            return tones([TONES_HZ[row], TONES_HZ[4 + column]], amplitude, sample_rate_hz, ms)
    return tones([], amplitude, sample_rate_hz, ms)


class Detector:
    """Hears keys in audio, at any sample rate from 4 kHz on."""

    def __init__(self, sample_rate_hz: int) -> None:
        self._block = max(1, sample_rate_hz // BLOCKS_PER_S)
        turns = [tau * freq_hz / max(1, sample_rate_hz) for freq_hz in TONES_HZ]
        # As seen from the block's last sample.
        places = [exp(1j * turn * (self._block - 1 - at)) for turn in turns for at in range(self._block)]
        rows = [places[at : at + self._block] for at in range(0, len(places), self._block)]
        self._cosines = [[place.real for place in row] for row in rows]
        self._sines = [[place.imag for place in row] for row in rows]
        self._turns = [exp(1j * turn * self._block) for turn in turns]
        self._rest = b""
        # Each tone in the former block, turned by one block, and in the latter: alike when it is at its pitch.
        self._before = self._now = _SILENCE
        self._energy_before = 0.0
        self._candidate: str | None = None
        self._agree = 0
        self._without = 0
        self.down: str | None = None
        """The key that is down."""

    def hear(self, pcm: bytes) -> list[str]:
        """Hears the PCM of one frame. The keys that are known to be down now: 30 to 50 ms after they were pressed."""
        pcm = self._rest + pcm if self._rest else pcm
        size = self._block * 2
        whole = len(pcm) - len(pcm) % size
        pressed = [self._hear_block(samples(pcm[at : at + size])) for at in range(0, whole, size)]
        self._rest = pcm[whole:]
        return [key for key in pressed if key]

    def _hear_block(self, block: array[int]) -> str | None:
        """The key that was just found to be down."""
        own = float(sumprod(block, block))
        if own < ENERGY_MIN * SILENCE_SHARE * self._block:
            self._before, self._now = self._turned(), _SILENCE
        else:
            heard = [float(sample) for sample in block]
            pairs = zip(self._cosines, self._sines)
            now = [complex(sumprod(cosines, heard), sumprod(sines, heard)) for cosines, sines in pairs]
            self._before, self._now = self._turned(), now
        found = self._key(own + self._energy_before)
        self._energy_before = own
        self._agree = self._agree + 1 if found and found == self._candidate else 1
        self._candidate = found
        self._without = 0 if found == self.down else self._without + 1
        if found and found != self.down and self._agree >= WINDOWS_DOWN:
            self.down = found
            return found
        if self._without >= WINDOWS_UP:
            self.down = None
        return None

    def _turned(self) -> list[complex]:
        if self._now is _SILENCE:
            return _SILENCE
        return [now * turn for now, turn in zip(self._now, self._turns)]

    def _key(self, energy: float) -> str | None:
        """The key that the window holds, by its tones and by the energy of all of it."""
        count = 2 * self._block
        if energy < ENERGY_MIN * count:
            return None
        row, column = self._leader(0), self._leader(4)
        if row is None or column is None:
            return None
        low, high = ((abs(self._before[at]) + abs(self._now[at])) ** 2 for at in (row, column))
        # A pure tone of energy E in N samples shows as E * N / 2.
        share = (low + high) * 2 / (energy * count)
        even = low < high * TWIST_MAX and high < low * TWIST_MAX
        at_pitch = self._off_pitch(row) < OFF_PITCH_MAX and self._off_pitch(column) < OFF_PITCH_MAX
        return KEYS[row][column - 4] if share >= SHARE_MIN and even and at_pitch else None

    def _leader(self, first: int) -> int | None:
        """The place of the tone that leads its group, if one does."""
        energies = [abs(self._before[at] + self._now[at]) ** 2 for at in range(first, first + 4)]
        most = max(energies)
        at = energies.index(most)
        leads = all(other == at or most >= energy * LEAD_MIN for other, energy in enumerate(energies))
        return first + at if leads else None

    def _off_pitch(self, at: int) -> float:
        """How far off pitch a tone is, as a part of its pitch."""
        angle = phase(self._before[at].conjugate() * self._now[at])
        return abs(angle / tau * BLOCKS_PER_S / TONES_HZ[at])


_SILENCE: list[complex] = [0j] * 8
