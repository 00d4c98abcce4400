"""Lets the host resample, make tones and listen for keys, at native speed: the interpreter takes milliseconds for each second
of it."""

import logging

from switchhook_guest import Call, kit

AMPLITUDE = 0.25


async def handle(call: Call) -> None:
    rate_hz = call.sample_rate_hz
    await call.answer()
    call.play(kit.tones([350, 440], AMPLITUDE, rate_hz, 1_000))
    mu_law_bytes = 0
    with kit.KeyDetector(rate_hz) as keys, kit.Resampler(rate_hz, 8_000) as narrow:
        async for frame in call.audio():
            if frame.channel != 0:
                continue
            for key in keys.hear(frame.pcm):
                logging.info("the caller pressed %s", key)
                call.play(kit.key_tones(key, AMPLITUDE, rate_hz, 100))
            # As a telephone line would have it: 8 kHz, one byte a sample.
            mu_law_bytes += len(kit.to_g711(kit.Law.MU, narrow.push(frame.pcm)))
    logging.info("%s ms in mu-law", mu_law_bytes // 8)
