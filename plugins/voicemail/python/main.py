"""Voicemail: a greeting that yields to whoever speaks, a message that the host records, and a word about it.

Needs the grant ``recording``. The operator may set ``message_s_max``, ``quiet_ms`` and ``key_time_ms``.
"""

import asyncio
import logging

from switchhook_guest import Call, CallEnded, Full, Prompt, Stream, audio, config, race, recording

GREETING = Prompt.load("voicemail-greeting.wav")
OPTIONS = Prompt.load("voicemail-options.wav")
DELETED = Prompt.load("voicemail-deleted.wav")
KEPT = Prompt.load("voicemail-kept.wav")
GOODBYE = Prompt.load("goodbye.wav")

MESSAGE_MS_MIN = 300
"""Less than this is no message: a cough, or the key that ends it."""
OFFERS_MAX = 3
"""How often the options are offered."""

log = logging.getLogger(__name__)


async def handle(call: Call) -> None:
    await call.answer()
    # Whoever speaks into the greeting is leaving a message: cancelled, the greeting falls silent, and no tone follows.
    await race(greeted=greet(call), speech=call.speech())
    with call.keys() as keys:
        # The host leaves a valid file, whatever becomes of the call or of this handler.
        with recording.record() as reference:
            spoken_ms = await message(call, keys)
        if spoken_ms < MESSAGE_MS_MIN:
            log.info("no message")
            recording.delete(reference)
            return await leave(call, GOODBYE)
        log.info("message %s", reference)
        await offer(call, keys, reference)


async def greet(call: Call) -> None:
    await call.say(GREETING)
    await call.say(audio.tone(1_000, 0.3, call.sample_rate_hz, 400))


async def message(call: Call, keys: Stream[str]) -> int:
    """Listens until the hash key, a long silence, the end of the call, or the longest message.

    How long somebody spoke, ms.
    """
    quiet_ms = config.get("quiet_ms", 3_000)
    voice = audio.Voice(call.sample_rate_hz)

    async def hash_key() -> None:
        while await keys.read() != "#":
            pass

    async def silence() -> None:
        with call.audio() as frames:
            while voice.quiet_ms < quiet_ms:
                frame = await frames.read()
                if frame.channel == 0:
                    voice.hear(frame.pcm)

    try:
        name, _ = await race(key=hash_key(), silence=silence(), length=asyncio.sleep(config.get("message_s_max", 20)))
        log.info("ended by %s", name)
    except CallEnded:
        # Who hangs up has left a message as well.
        pass
    return voice.spoken_ms


async def offer(call: Call, keys: Stream[str], reference: str) -> None:
    """Lets the caller hear or delete the message."""
    patience_s = config.get("key_time_ms", 4_000) / 1_000
    offers, pressed = 0, None
    while offers < OFFERS_MAX or pressed:
        if pressed is None:
            offers += 1
            pressed = await call.ask(OPTIONS, keys, patience_s)
        match pressed:
            case "1":
                pressed = await replay(call, keys, reference)
            case "3":
                recording.delete(reference)
                log.info("deleted %s", reference)
                return await leave(call, DELETED)
            case _:
                pressed = None
    await leave(call, KEPT)


async def replay(call: Call, keys: Stream[str], reference: str) -> str | None:
    """Plays the message. A key silences it, and is given back."""
    try:
        recording.play(reference)
    except Full as failure:
        log.warning("the message is longer than what can be played: %s", failure.message)
    name, key = await race(heard=call.heard(), key=keys.read())
    if name == "heard":
        return None
    call.clear()
    return key


async def leave(call: Call, words: Prompt) -> None:
    await call.say(words)
    await call.close()
