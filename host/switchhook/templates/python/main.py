"""Answers, says a tone, and says each key that the caller presses back."""

import logging

from switchhook_guest import Call, audio

log = logging.getLogger(__name__)


async def handle(call: Call) -> None:
    await call.answer()
    with call.keys() as keys:
        await call.say(audio.tone(440, 0.3, call.sample_rate_hz, 500))
        # A caller who hangs up ends this loop.
        async for key in keys:
            log.info("the caller pressed %s", key)
            await call.say(audio.key_tone(key, 0.2, call.sample_rate_hz, 200))
