"""The sounds of the two sides: a rate is changed once, or not at all."""

from array import array
from dataclasses import dataclass

from switchhook_guest import audio


@dataclass(frozen=True)
class Sound:
    """How a model hears or speaks: PCM, or mu-law of G.711."""

    rate_hz: int
    mulaw: bool = False


def _to_mulaw(sample: int) -> int:
    """A sign, a segment of three bits and a step of four, inverted."""
    level = min((~sample if sample < 0 else sample) + 0x84, 0x7FFF)
    segment = level.bit_length() - 8
    return ~((0x80 if sample < 0 else 0) | segment << 4 | (level >> (segment + 3)) & 0x0F) & 0xFF


def _from_mulaw(byte: int) -> int:
    code = ~byte & 0xFF
    level = (((code & 0x0F) << 3) + 0x84) << (code >> 4 & 7)
    return 0x84 - level if code & 0x80 else level - 0x84


# Made while the component is built.
_ENCODE = bytes(_to_mulaw(sample if sample < 32_768 else sample - 65_536) for sample in range(65_536))
_DECODE = [_from_mulaw(byte) for byte in range(256)]


class Inward:
    """From the call to the model."""

    def __init__(self, call_hz: int, sound: Sound) -> None:
        self._sound = sound
        self._resampler = audio.Resampler(call_hz, sound.rate_hz)
        self._same = call_hz == sound.rate_hz

    def take(self, pcm: bytes) -> bytes:
        if self._same and not self._sound.mulaw:
            return pcm
        samples = self._resampler.push(audio.samples(pcm))
        if self._sound.mulaw:
            return bytes(_ENCODE[sample & 0xFFFF] for sample in samples)
        return samples.tobytes()


class Outward:
    """From the model to the call."""

    def __init__(self, sound: Sound, call_hz: int) -> None:
        self._sound = sound
        self._resampler = audio.Resampler(sound.rate_hz, call_hz)

    def take(self, data: bytes) -> array:
        samples = array("h", [_DECODE[byte] for byte in data]) if self._sound.mulaw else audio.samples(data)
        return self._resampler.push(samples)

    def finish(self) -> array:
        """The answer is whole, or over: what is still inside."""
        return self._resampler.finish()
