"""Audio in the guest: what handlers need to prompt, to listen for keys and for speech. No host functions in here.

PCM is signed 16-bit, mono: samples as ``array("h")``, or their little-endian bytes, as events carry them.
"""

from .dtmf import Detector, key_tone
from .level import LEVEL_DBFS_MIN, Voice, level_dbfs
from .pcm import samples
from .prompt import Prompt
from .resample import Resampler, resample
from .tone import tone
from .wav import read_wav

__all__ = [
    "LEVEL_DBFS_MIN",
    "Detector",
    "Prompt",
    "Resampler",
    "Voice",
    "key_tone",
    "level_dbfs",
    "read_wav",
    "resample",
    "samples",
    "tone",
]
