"""Screens a number's calls: asks who calls and why, whispers that to the callee, and lets a key of theirs decide.

Needs the grants ``recording`` and ``key_value``, and ``audio_mode = "isolated"``. README.md names its settings.
"""

import asyncio
import logging

from switchhook_guest import (
    Call,
    CallEnded,
    Failure,
    NotGranted,
    NotSupported,
    Prompt,
    Stream,
    Unanswered,
    audio,
    config,
    race,
    recording,
    store,
)

ASK = Prompt.load("screen-ask.wav")
HOLD = Prompt.load("screen-hold.wav")
SAYS = Prompt.load("screen-says.wav")
OPTIONS = Prompt.load("screen-options.wav")
REFUSED = Prompt.load("screen-refused.wav")
MESSAGE = Prompt.load("screen-message.wav")
UNANSWERED = Prompt.load("menu-unanswered.wav")
KEPT = Prompt.load("voicemail-kept.wav")
GOODBYE = Prompt.load("goodbye.wav")

CALLEE = 2
"""The channel of the callee's leg."""
WORDS_MS_MIN = 300
"""Less than this is no word: a cough."""
BEGIN_MS_MAX = 5_000
"""Who has not begun to speak after so long says nothing."""
OFFERS_MAX = 2
"""How often the callee is asked."""
ALLOW, BLOCK = "allow", "block"
"""What is remembered of a caller."""

log = logging.getLogger(__name__)


async def handle(call: Call) -> None:
    if CALLEE not in call.info.audio.channels:
        raise NotSupported("NOT_SUPPORTED", 'the callee\'s keys need audio_mode = "isolated"')
    entry = entry_of(call)
    match known(entry):
        case "block":
            log.info("this caller is blocked")
            return await call.hang_up()
        case "allow":
            return await put_through(call)
    await call.answer()
    await call.say(ASK)
    words = await record(call, config.get("words_s_max", 8))
    if words is None:
        return await leave(call, GOODBYE)
    await call.say(HOLD)
    with call.keys(channel=CALLEE) as keys:
        try:
            await race(connected=connect(call), ringing=ring(call))
        except Unanswered:
            return await take_message(call)
        await call.whisper()
        key = await decide(call, keys, words)
    if key == "2":
        remember(entry, ALLOW)
    if key in ("1", "2"):
        # Left alone, the two stay connected.
        discard(words)
        return await call.close()
    if key == "4":
        remember(entry, BLOCK)
        discard(words)
    await refuse(call, GOODBYE if key == "4" else REFUSED)


def entry_of(call: Call) -> str | None:
    """The name under which a caller is remembered, for this callee alone. A number that is withheld has none."""
    caller = call.info.caller
    return f"{call.info.callee}/{caller}" if any(letter in "0123456789" for letter in caller) else None


def known(entry: str | None) -> str | None:
    """What was decided for good. A store that fails is no reason to refuse a call."""
    try:
        return entry and store.text(entry)
    except NotGranted:
        raise
    except Failure as failure:
        log.warning("the lists cannot be read: %s", failure.code)
        return None


def remember(entry: str | None, decision: str) -> None:
    try:
        if entry:
            store.put(entry, decision)
    except Failure as failure:
        log.warning("%s is not remembered: %s", decision, failure.code)


async def connect(call: Call) -> None:
    await call.connect(config.get("ring_time_s", 20))


async def put_through(call: Call) -> None:
    """Rings at once, without a question. The caller hears the telephone ring."""
    try:
        await connect(call)
    except Unanswered:
        await call.answer()
        return await take_message(call)
    await call.close()


async def record(call: Call, longest_s: int) -> str | None:
    """Says a tone, and records what the caller says then: the reference, if it was something."""
    await call.say(audio.tone(1_000, 0.3, call.sample_rate_hz, 400))
    quiet_ms = config.get("quiet_ms", 1_500)
    voice = audio.Voice(call.sample_rate_hz)

    async def silence() -> None:
        with call.audio() as frames:
            while voice.quiet_ms < (quiet_ms if voice.spoken_ms else BEGIN_MS_MAX):
                frame = await frames.read()
                if frame.channel == 0:
                    voice.hear(frame.pcm)

    # The host leaves a valid file, whatever becomes of the call or of this handler.
    with recording.record() as reference:
        try:
            await race(silence=silence(), length=asyncio.sleep(longest_s))
        except CallEnded:
            # Who hangs up has said something as well.
            pass
    if voice.spoken_ms < WORDS_MS_MIN:
        discard(reference)
        return None
    log.info("said %s", reference)
    return reference


def discard(words: str) -> None:
    try:
        recording.delete(words)
    except Failure as failure:
        log.warning("%s is not deleted: %s", words, failure.code)


async def decide(call: Call, keys: Stream[str], words: str) -> str | None:
    """Whispers who calls and what can be done. The key of the callee, if one came."""

    async def offer() -> None:
        await call.say(SAYS)
        recording.play(words)
        await call.heard()
        await call.say(OPTIONS)
        await asyncio.sleep(config.get("key_time_ms", 5_000) / 1_000)

    for _ in range(OFFERS_MAX):
        name, key = await race(key=keys.read(), offer=offer())
        if name == "key":
            call.clear()
            log.info("the callee pressed %s", key)
            if key in "1234":
                return key
    return None


async def refuse(call: Call, words: Prompt) -> None:
    """Both hear it: there is no way to speak to the caller alone."""
    await call.barge()
    await call.say(words)
    await call.disconnect()


async def take_message(call: Call) -> None:
    await call.say(UNANSWERED)
    await call.say(MESSAGE)
    words = await record(call, config.get("message_s_max", 60))
    await leave(call, KEPT if words else GOODBYE)


async def ring(call: Call) -> None:
    """What is heard while it rings elsewhere: until it is cancelled, which silences it."""
    tone = audio.tone(425, 0.1, call.sample_rate_hz, 1_000)
    while True:
        await call.say(tone)
        await asyncio.sleep(4)


async def leave(call: Call, words: Prompt) -> None:
    await call.say(words)
    await call.close()
