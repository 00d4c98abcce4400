"""What SciPy says of the audio kit: ``reference.py make DIR`` writes what the kit works on, ``reference.py judge DIR`` compares
what came of it, and prints the errors as one line of JSON.

All audio is raw: signed 16-bit little-endian, mono.
"""

import json
import sys
from pathlib import Path

import numpy as np
from scipy import signal

try:
    import audioop
except ImportError:  # Python 3.13 has it no more; the laws' own formulas stay.
    audioop = None

RATES_HZ = (8_000, 16_000, 24_000, 48_000)
SIGNAL_S = 2
ROWS_HZ = (697, 770, 852, 941)
COLUMNS_HZ = (1_209, 1_336, 1_477, 1_633)
KEYS = "123A456B789C*0#D"
EDGE_S = 0.05
"""At the ends of a signal filters differ by design."""


def speech(rate_hz):
    """Sixty sines in the band of a telephone, exactly as they are at this rate."""
    random = np.random.default_rng(1)
    freqs_hz = random.uniform(100, 3_400, 60)
    phases = random.uniform(0, 2 * np.pi, 60)
    at_s = np.arange(rate_hz * SIGNAL_S) / rate_hz
    wave = np.sin(2 * np.pi * freqs_hz[:, None] * at_s + phases[:, None]).sum(axis=0)
    return 9_000 * wave / 20


def pair(key):
    row, column = divmod(KEYS.index(key), 4)
    return ROWS_HZ[row], COLUMNS_HZ[column]


def dialled(rate_hz):
    """Every key for 60 ms and a pause as long, the upper tone 3 dB louder, on a line that hisses 30 dB below."""
    random = np.random.default_rng(2)
    at_s = np.arange(int(0.06 * rate_hz)) / rate_hz
    parts = [np.zeros(rate_hz // 5)]
    for key in KEYS:
        low, high = pair(key)
        parts += [3_000 * np.sin(2 * np.pi * low * at_s) + 4_200 * np.sin(2 * np.pi * high * at_s), np.zeros(len(at_s))]
    wave = np.concatenate(parts)
    return wave + random.normal(0, 100, len(wave))


def write(path, wave):
    path.write_bytes(np.clip(np.rint(wave), -32_768, 32_767).astype("<i2").tobytes())


def read(path):
    return np.frombuffer(path.read_bytes(), "<i2").astype(float)


def make(folder):
    for rate_hz in RATES_HZ:
        write(folder / f"speech-{rate_hz}.raw", speech(rate_hz))
        write(folder / f"dialled-{rate_hz}.raw", dialled(rate_hz))
    (folder / "all.raw").write_bytes(np.arange(-32_768, 32_768).astype("<i2").tobytes())


def apart_db(found, wanted, edge):
    found, wanted = found[edge:-edge], wanted[edge:-edge]
    return 10 * np.log10(np.mean((found - wanted) ** 2) / np.mean(wanted**2))


def resampled(folder):
    """Against the signal itself at the other rate, and against SciPy's polyphase filter, dB below the signal."""
    truth, scipy, lengths = [], [], []
    for from_hz in RATES_HZ:
        for to_hz in RATES_HZ:
            if from_hz == to_hz:
                continue
            found = read(folder / f"resampled-{from_hz}-{to_hz}.raw")
            lengths.append(abs(len(found) - to_hz * SIGNAL_S))
            up, down = to_hz // np.gcd(from_hz, to_hz), from_hz // np.gcd(from_hz, to_hz)
            # Its usual filter is a short one, which is 34 dB off at 3,400 Hz.
            taps = signal.firwin(160 * max(up, down) + 1, 1 / max(up, down), window=("kaiser", 12.0))
            theirs = signal.resample_poly(read(folder / f"speech-{from_hz}.raw"), up, down, window=taps)
            edge = int(EDGE_S * to_hz)
            truth.append(apart_db(found[: to_hz * SIGNAL_S], speech(to_hz), edge))
            scipy.append(apart_db(found[: len(theirs)], theirs, edge))
    return {"resample_db": max(truth), "resample_scipy_db": max(scipy), "resample_length": max(lengths)}


def expanded(law):
    """What each byte means, by ITU-T G.711, in 16 bits."""
    codes = np.arange(256)
    if law == "mu":
        codes = ~codes & 0xFF
        size = (((codes & 15) << 3) + 132 << (codes >> 4 & 7)) - 132
        return np.where(codes & 128, -size, size)
    codes = codes ^ 0x55
    segment, step = codes >> 4 & 7, codes & 15
    size = np.where(segment == 0, (step << 4) + 8, (step << 4) + 264 << np.maximum(segment - 1, 0))
    return np.where(codes & 128, size, -size)


def g711(folder):
    every = np.arange(-32_768, 32_768)
    errors = {}
    for law in ("mu", "a"):
        means = expanded(law)
        found = read(folder / f"expanded-{law}.raw")
        coded = np.frombuffer((folder / f"coded-{law}.raw").read_bytes(), np.uint8)
        # The next steps to both sides of each value: an honest coder is off by half of one at the most.
        order = np.sort(np.unique(means))
        place = np.searchsorted(order, means[coded])
        steps = np.maximum(order[np.minimum(place + 1, len(order) - 1)] - order[place], order[place] - order[np.maximum(place - 1, 0)])
        inside = np.abs(every) <= order[-1]
        errors[f"{law}_expanded"] = int(np.max(np.abs(found - means)))
        errors[f"{law}_coded_steps"] = float(np.max((np.abs(means[coded] - every) / steps)[inside]))
        if audioop:
            pcm = every.astype("<i2").tobytes()
            theirs = np.frombuffer(audioop.lin2ulaw(pcm, 2) if law == "mu" else audioop.lin2alaw(pcm, 2), np.uint8)
            errors[f"{law}_unlike_audioop"] = int(np.count_nonzero(theirs != coded))
    return errors


def tones(folder):
    rate_hz = 16_000
    at_s = np.arange(rate_hz) / rate_hz
    wanted = 8_000 * sum(np.sin(2 * np.pi * freq_hz * at_s) for freq_hz in (350, 440))
    found = read(folder / "tones.raw")
    off = {"tone_off": float(np.max(np.abs(found - wanted)[160:-160]))}
    percent = []
    for rate_hz in RATES_HZ:
        said = read(folder / f"keys-{rate_hz}.raw")
        each = len(said) // len(KEYS)
        for index, key in enumerate(KEYS):
            part = said[index * each : index * each + each // 2]
            power = np.abs(np.fft.rfft(part * np.hanning(len(part)), 1 << 20))
            freqs_hz = np.fft.rfftfreq(1 << 20, 1 / rate_hz)
            for low, high, wanted_hz in ((600, 1_075, pair(key)[0]), (1_075, 1_800, pair(key)[1])):
                band = (freqs_hz > low) & (freqs_hz < high)
                percent.append(abs(freqs_hz[band][np.argmax(power[band])] / wanted_hz - 1) * 100)
    return off | {"key_tone_percent": max(percent)}


def levels(folder):
    told = json.loads((folder / "levels.json").read_text())
    rms = [np.sqrt(np.mean(read(folder / f"speech-{rate_hz}.raw") ** 2)) for rate_hz in RATES_HZ]
    return {"level_db": max(abs(20 * np.log10(mine / 32_768) - theirs) for mine, theirs in zip(rms, told))}


def judge(folder):
    print(json.dumps(resampled(folder) | g711(folder) | tones(folder) | levels(folder)))


if __name__ == "__main__":
    {"make": make, "judge": judge}[sys.argv[1]](Path(sys.argv[2]))
