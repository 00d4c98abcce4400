"""The host's audio kit: the work of ``audio`` at native speed, and G.711 and WAV files beside it. Needs no grant.

PCM is samples as ``array("h")``, or their little-endian bytes, as events carry them; what comes back is samples. It raises
``Invalid`` for what the contract refuses, such as more than 192,000 bytes at once, and ``Full`` for a ninth tool.

Bytes that are given to ``from_g711``, ``read_wav`` and ``write_wav`` are never freed (componentize-py 0.25): use these for a
prompt or a message, not for every frame of a long call.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence

from wit_world.imports import audio_kit as host
from wit_world.imports.audio_kit import Law

from .audio.pcm import samples
from .failure import Invalid, asked

__all__ = [
    "KeyDetector",
    "Law",
    "Resampler",
    "VoiceDetector",
    "from_g711",
    "key_tones",
    "level_dbfs",
    "read_wav",
    "to_g711",
    "tones",
    "write_wav",
]

Pcm = bytes | bytearray | memoryview | array

PIECE_SAMPLES = 4_000
"""What is given at once: whatever the rates, what comes of it fits."""


class _Tool:
    """What the host keeps until it is closed: an instance may have eight. A context manager that closes it."""

    def __init__(self, open: Callable[..., int], *rates_hz: int) -> None:
        self._id = asked(open, *rates_hz)

    def close(self) -> None:
        """Gives it back."""
        host.close(self._id)

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Resampler(_Tool):
    """A stream at another rate, piece by piece, as if it had been resampled whole; up to 60 ms later. 4 to 48 kHz."""

    def __init__(self, from_hz: int, to_hz: int) -> None:
        super().__init__(host.open_resampler, from_hz, to_hz)

    def push(self, pcm: Pcm) -> array[int]:
        """Takes a piece; what is certain by now."""
        given, made = _samples(pcm), array("h")
        for at in range(0, len(given), PIECE_SAMPLES):
            made.extend(samples(asked(host.resample_samples, self._id, given[at : at + PIECE_SAMPLES])))
        return made

    def finish(self) -> array[int]:
        """The rest. It begins anew."""
        return samples(asked(host.finish_resampling, self._id))


class KeyDetector(_Tool):
    """Hears keys in band (DTMF), at 4 to 48 kHz."""

    def __init__(self, sample_rate_hz: int) -> None:
        super().__init__(host.open_key_detector, sample_rate_hz)

    def hear(self, pcm: Pcm) -> str:
        """The keys that are known to be down now: 30 to 50 ms after they were pressed."""
        return asked(host.hear_keys_samples, self._id, _samples(pcm))


class VoiceDetector(_Tool):
    """Tells speech from the noise behind it by its loudness, at 4 to 48 kHz."""

    speaks = False
    """Whether somebody speaks."""
    spoken_ms = 0
    """For how long somebody has spoken in all, ms of audio."""
    quiet_ms = 0
    """For how long nobody has spoken, ms of audio."""

    def __init__(self, sample_rate_hz: int) -> None:
        super().__init__(host.open_voice_detector, sample_rate_hz)

    def hear(self, pcm: Pcm) -> bool:
        """Hears a piece. Whether somebody speaks at its end."""
        heard = asked(host.hear_voice_samples, self._id, _samples(pcm))
        self.speaks, self.spoken_ms, self.quiet_ms = heard.speaks, heard.spoken_ms, heard.quiet_ms
        return self.speaks


def level_dbfs(pcm: Pcm) -> float:
    """How loud audio is, dB below full scale; silence is -96."""
    return asked(host.level_dbfs_samples, _samples(pcm))


def tones(freqs_hz: Sequence[int], amplitude: float, sample_rate_hz: int, ms: int) -> array[int]:
    """The sum of up to eight sine tones with soft ends. ``amplitude`` is that of each, a part of full scale."""
    return samples(asked(host.tones, list(freqs_hz), _peak(amplitude), ms, sample_rate_hz))


def key_tones(keys: str, amplitude: float, sample_rate_hz: int, ms: int) -> array[int]:
    """Keys as their tones, each for so many milliseconds and with as long a pause behind it."""
    return samples(asked(host.key_tones, keys, _peak(amplitude), ms, sample_rate_hz))


def to_g711(law: Law, pcm: Pcm) -> bytes:
    """G.711, one byte a sample."""
    return asked(host.to_g711_samples, law, _samples(pcm))


def from_g711(law: Law, coded: bytes) -> array[int]:
    """One sample a byte."""
    return samples(asked(host.from_g711, law, coded))


def read_wav(file: bytes) -> tuple[int, array[int]]:
    """The rate and the samples of a WAV file: 8 or 16-bit PCM; of a stereo file the mean of its sides."""
    sound = asked(host.read_wav, file)
    return sound.sample_rate_hz, samples(sound.pcm)


def write_wav(pcm: Pcm, sample_rate_hz: int) -> bytes:
    """A WAV file of 16-bit PCM, mono."""
    return asked(host.write_wav, host.Sound(sample_rate_hz, _bytes(pcm)))


def _bytes(pcm: Pcm) -> bytes:
    return pcm.tobytes() if isinstance(pcm, (array, memoryview)) else bytes(pcm)


def _samples(pcm: Pcm) -> list[int]:
    """As the host takes them: lists of numbers that are given to it are freed again. Half a sample is refused."""
    if isinstance(pcm, array):
        return pcm.tolist()
    raw = bytes(pcm)
    if len(raw) % 2:
        raise Invalid("INVALID", f"{len(raw)} bytes of PCM end in half a sample")
    return samples(raw).tolist()


def _peak(amplitude: float) -> int:
    return round(amplitude * 32_767)
