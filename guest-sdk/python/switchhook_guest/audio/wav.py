"""WAV files that are built into a component: 16-bit PCM, mono."""

from __future__ import annotations

import struct
from array import array

from ..failure import Invalid
from .pcm import samples


def read_wav(file: bytes) -> tuple[int, array[int]]:
    """The sample rate in Hz, and the samples. A file that is cut is read as far as it goes.

    Raises ``Invalid`` for anything but 16-bit PCM, mono.
    """
    if len(file) < 12 or file[:4] != b"RIFF" or file[8:12] != b"WAVE":
        raise _not_wav()
    at, rate_hz = 12, 0
    while at + 8 <= len(file):
        name, size = struct.unpack_from("<4sI", file, at)
        chunk = file[at + 8 : at + 8 + size]
        if name == b"fmt ":
            rate_hz = _rate(chunk)
        elif name == b"data":
            if not rate_hz:
                raise _not_wav()
            return rate_hz, samples(chunk)
        # Chunks begin at even places.
        at += 8 + size + size % 2
    raise _not_wav()


def _rate(chunk: bytes) -> int:
    if len(chunk) < 16:
        raise _not_wav()
    form, channels, rate_hz, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    if (form, channels, bits) != (1, 1, 16):
        found = f"this is format {form}, {channels} channels, {bits} bits"
        raise Invalid("INVALID", f"16-bit PCM, mono, is needed; {found}")
    return rate_hz


def _not_wav() -> Invalid:
    return Invalid("INVALID", "this is not a WAV file")
