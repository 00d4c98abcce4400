"""A menu by keys: a person, who may not pick up, or the opening hours.

Keys are heard in band. The operator may set ``ring_time_s``, ``key_time_ms`` and ``misses``.
"""

import asyncio
import logging

from switchhook_guest import Call, Prompt, Unanswered, audio, config, race

WELCOME = Prompt.load("menu-welcome.wav")
HOURS = Prompt.load("menu-hours.wav")
INVALID = Prompt.load("menu-invalid.wav")
UNANSWERED = Prompt.load("menu-unanswered.wav")
GOODBYE = Prompt.load("goodbye.wav")

log = logging.getLogger(__name__)


async def handle(call: Call) -> None:
    patience_s = config.get("key_time_ms", 4_000) / 1_000
    misses_max = config.get("misses", 3)
    await call.answer()
    misses = 0
    with call.keys() as keys:
        while misses < misses_max:
            match await call.ask(WELCOME, keys, patience_s):
                case "1":
                    return await reach_a_person(call)
                case "2":
                    misses = 0
                    await call.say(HOURS)
                case None:
                    misses += 1
                case key:
                    misses += 1
                    log.info("there is nothing behind the key %s", key)
                    await call.say(INVALID)
    await call.say(GOODBYE)
    await call.close()


async def reach_a_person(call: Call) -> None:
    try:
        await race(connected=call.connect(config.get("ring_time_s", 20)), ringing=ring(call))
    except Unanswered:
        await call.say(UNANSWERED)
    # Connected, the parties stay together; this handler is needed no longer.
    await call.close()


async def ring(call: Call) -> None:
    """What is heard while it rings elsewhere: until it is cancelled, which silences it."""
    tone = audio.tone(425, 0.1, call.sample_rate_hz, 1_000)
    while True:
        await call.say(tone)
        await asyncio.sleep(4)
