"""Samples and their bytes."""

from __future__ import annotations

from array import array


def samples(pcm: bytes) -> array[int]:
    """The samples in little-endian PCM. An odd last byte is half a sample, and is left out."""
    result = array("h")
    result.frombytes(pcm[: len(pcm) & ~1])
    return result


try:
    from math import sumprod
except ImportError:  # before Python 3.12, on the machine that tests
    from operator import mul

    def sumprod(p, q, /):  # type: ignore[misc]
        return sum(map(mul, p, q))
