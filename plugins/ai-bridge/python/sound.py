"""The sounds of the two sides: a rate is changed once, or not at all."""

from array import array
from dataclasses import dataclass

from switchhook_guest import audio, kit


@dataclass(frozen=True)
class Sound:
    """How a model hears or speaks: PCM, or mu-law of G.711."""

    rate_hz: int
    mulaw: bool = False


def _from_mulaw(byte: int) -> int:
    code = ~byte & 0xFF
    level = (((code & 0x0F) << 3) + 0x84) << (code >> 4 & 7)
    return 0x84 - level if code & 0x80 else level - 0x84


# Made while the component is built. Bytes that are given to the host's kit are never freed, so these are not given.
_DECODE = [_from_mulaw(byte) for byte in range(256)]


class Inward:
    """From the call to the model."""

    def __init__(self, call_hz: int, sound: Sound) -> None:
        self._mulaw = sound.mulaw
        self._resampler = kit.Resampler(call_hz, sound.rate_hz) if call_hz != sound.rate_hz else None

    def take(self, pcm: bytes) -> bytes:
        if self._mulaw:
            return kit.to_g711(kit.Law.MU, self._resampler.push(pcm) if self._resampler else pcm)
        return self._resampler.push(pcm).tobytes() if self._resampler else pcm


class Outward:
    """From the model to the call."""

    def __init__(self, sound: Sound, call_hz: int) -> None:
        self._mulaw = sound.mulaw
        self._resampler = kit.Resampler(sound.rate_hz, call_hz) if call_hz != sound.rate_hz else None

    def take(self, data: bytes) -> array:
        samples = array("h", [_DECODE[byte] for byte in data]) if self._mulaw else audio.samples(data)
        return self._resampler.push(samples) if self._resampler else samples

    def finish(self) -> array:
        """The answer is whole, or over: what is still inside."""
        return self._resampler.finish() if self._resampler else array("h")
