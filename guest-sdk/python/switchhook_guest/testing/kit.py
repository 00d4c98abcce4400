"""The host's audio kit, as a simulated call's handler meets it: computed by the audio kit of this package, so that samples are
nearly, and not exactly, those of the host."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Callable
from typing import Any

from wit_world.imports import audio_kit as contract

from ..audio import Detector, Resampler, Voice, key_tone, level_dbfs, read_wav, samples
from ..audio.tone import tones
from .peers import refuse

TOOLS_MAX = 8
BYTES_MAX = 192_000
KEYS = "0123456789*#ABCD"
FULL_SCALE = 32_767


def kit() -> dict[str, Callable[..., Any]]:
    """The functions of the contract, for one call."""
    tools: dict[int, Any] = {}
    ids = iter(range(1, 1 << 32))

    def opens(kind: Callable[..., Any]) -> Callable[..., int]:
        def open(*rates_hz: int) -> int:
            if any(not 4_000 <= rate_hz <= 48_000 for rate_hz in rates_hz):
                refuse("INVALID", "not 4 to 48 kHz")
            if len(tools) >= TOOLS_MAX:
                refuse("FULL", f"{TOOLS_MAX} tools are open")
            id = next(ids)
            tools[id] = kind(*rates_hz)
            return id

        return open

    def tool(id: int, kind: type) -> Any:
        if not isinstance(tools.get(id), kind):
            refuse("INVALID", f"no such tool is open: {id}")
        return tools[id]

    def hear_voice(id: int, pcm: bytes) -> contract.Voice:
        voice = tool(id, Voice)
        return contract.Voice(voice.hear(_taken(pcm)), voice.spoken_ms, voice.quiet_ms)

    def said(freqs_hz: list[int], peak: int, ms: int, rate_hz: int) -> bytes:
        if len(freqs_hz) > 8:
            refuse("INVALID", "more than eight tones")
        return _given(tones(freqs_hz, peak / FULL_SCALE, rate_hz, ms))

    def keys(pressed: str, peak: int, ms: int, rate_hz: int) -> bytes:
        made = array("h")
        for key in pressed.upper():
            if key not in KEYS:
                refuse("INVALID", f"{key} is no key")
            tone = key_tone(key, peak / FULL_SCALE, rate_hz, ms)
            made.extend(tone)
            made.frombytes(bytes(2 * len(tone)))
        return _given(made)

    def read(file: bytes) -> contract.Sound:
        rate_hz, heard = read_wav(file)
        return contract.Sound(rate_hz, _given(heard))

    functions = {
        "open_resampler": opens(Resampler),
        "resample": lambda id, pcm: _given(tool(id, Resampler).push(samples(_taken(pcm)))),
        "finish_resampling": lambda id: _given(tool(id, Resampler).finish()),
        "open_key_detector": opens(Detector),
        "hear_keys": lambda id, pcm: "".join(tool(id, Detector).hear(_taken(pcm))),
        "open_voice_detector": opens(Voice),
        "hear_voice": hear_voice,
        "close": lambda id: tools.pop(id, None) and None,
        "level_dbfs": lambda pcm: level_dbfs(samples(_taken(pcm))),
        "tones": said,
        "key_tones": keys,
        "to_g711": lambda law, pcm: bytes(map(_to_mu if law is contract.Law.MU else _to_a, samples(_taken(pcm)))),
        "from_g711": lambda law, coded: _given(array("h", map(_from_mu if law is contract.Law.MU else _from_a, coded))),
        "read_wav": read,
        "write_wav": lambda sound: _wav(sound.sample_rate_hz, _taken(sound.pcm)),
    }
    in_samples = ("resample", "hear_keys", "hear_voice", "level_dbfs", "to_g711")
    return functions | {f"{name}_samples": _in_samples(functions[name]) for name in in_samples}


def _in_samples(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *given: function(*given[:-1], array("h", given[-1]).tobytes())


def _taken(pcm: bytes) -> bytes:
    if len(pcm) % 2:
        refuse("INVALID", "the audio ends in half a sample")
    if len(pcm) > BYTES_MAX:
        refuse("INVALID", f"more than {BYTES_MAX} bytes")
    return pcm


def _given(made: array[int]) -> bytes:
    return _taken(made.tobytes())


def _to_mu(sample: int) -> int:
    """A sign, a segment of three bits and a step of four, inverted."""
    level = min((~sample if sample < 0 else sample) + 0x84, 0x7FFF)
    segment = level.bit_length() - 8
    return ~((0x80 if sample < 0 else 0) | segment << 4 | (level >> (segment + 3)) & 0x0F) & 0xFF


def _from_mu(byte: int) -> int:
    code = ~byte & 0xFF
    level = (((code & 0x0F) << 3) + 0x84) << (code >> 4 & 7)
    return 0x84 - level if code & 0x80 else level - 0x84


def _to_a(sample: int) -> int:
    """The same, with every other bit inverted."""
    level = (~sample if sample < 0 else sample) >> 3
    segment = (level | 31).bit_length() - 5
    return ((0x80 if sample < 0 else 0) | segment << 4 | (level >> max(1, segment)) & 0x0F) ^ 0xD5


def _from_a(byte: int) -> int:
    code = byte ^ 0xD5
    segment, step = code >> 4 & 7, ((code & 0x0F) << 4) + 8
    level = step if segment == 0 else (step + 0x100) << (segment - 1)
    return -level if code & 0x80 else level


def _wav(rate_hz: int, pcm: bytes) -> bytes:
    head = struct.pack("<4sI8sIHHIIHH4sI", b"RIFF", 36 + len(pcm), b"WAVEfmt ", 16, 1, 1, rate_hz, rate_hz * 2, 2, 16, b"data", len(pcm))
    return head + pcm
