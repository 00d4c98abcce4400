"""Uses everything that this SDK has for other hosts, memory, further calls and the audio kit, and logs what came of it, a line
each: the same lines as the guests in the other languages."""

import logging
from collections.abc import Awaitable, Callable

from switchhook_guest import Call, Failure, calls, config, http, kit, store
from switchhook_guest.socket import Socket

AMPLITUDE = 0.2441

log = logging.getLogger(__name__)


async def handle(call: Call) -> None:
    await call.answer()
    if config.get("only") == "legs":
        return await tell(call)
    if config.get("only") == "kit":
        return await hear(call)
    # Where there is nobody else.
    if config.get("only") != "place":
        remember()
        await talk()
        await ask()
        compute(call.sample_rate_hz)
    await place()
    await call.close()


async def tell(call: Call) -> None:
    """Tells the legs' keys apart."""
    await call.connect(20)
    for channel in (2, 1):
        with call.keys(channel) as keys:
            log.info("wrap leg %s %s", channel, await keys.read())
    await call.close()


async def refusal(run: Callable[[], Awaitable[object]]) -> str:
    """The code of what is refused."""
    try:
        await run()
    except Failure as failure:
        return failure.code
    return "OK"


async def hear(call: Call) -> None:
    """Gives all that is heard to the audio kit, to the end of the call."""
    rate_hz, frames = call.sample_rate_hz, 0
    up, keys, voice = kit.Resampler(rate_hz, 24_000), kit.KeyDetector(rate_hz), kit.VoiceDetector(rate_hz)
    try:
        with call.audio() as audio:
            while True:
                pcm = (await audio.read()).pcm
                up.push(pcm)
                keys.hear(pcm)
                voice.hear(pcm)
                kit.level_dbfs(pcm)
                kit.to_g711(kit.Law.MU, pcm)
                frames += 1
    finally:
        log.info("wrap kit %s", frames)


def word(what: bool) -> str:
    return str(what).lower()


def remember() -> None:
    try:
        store.put("k", "v", ttl_s=60)
    except Failure as failure:
        return log.info("wrap store %s", failure.code)
    log.info("wrap store %s", store.text("k"))
    swapped = [store.compare_and_set("k", None, "w"), store.compare_and_set("k", "v", "w")]
    store.delete("k")
    log.info("wrap swapped %s %s %s", *map(word, [*swapped, store.get("k") is not None]))
    store.put("kept", "for ever")


async def talk() -> None:
    log.info("wrap elsewhere %s", await refusal(lambda: Socket.open("wss://elsewhere.example/")))
    log.info("wrap gone %s", await refusal(lambda: Socket.open("wss://gone.example/")))
    socket = await Socket.open("wss://model.example/v1", {"x-mode": "voice"})
    ready = await socket.read()
    await socket.send("hello")
    await socket.send(bytes([1, 2, 3]))
    sound = await socket.read()
    log.info("wrap socket %s %s %s", ready, word(isinstance(sound, bytes)), len(sound))
    socket.close(1_000, "thanks")
    log.info("wrap closed %s", (await socket.wait_closed())[0])


async def ask() -> None:
    answer = await http.post("https://crm.example/people", body="hello")
    log.info("wrap http %s %s %s", answer.status, answer.headers["x-why"], await answer.text())
    log.info("wrap late %s", await refusal(lambda: http.get("https://crm.example/late")))


async def place() -> None:
    try:
        placed = calls.place(config.get("to", "+15550142"), config.get("plugin", "survey"))
        await placed.answered()
        log.info("wrap placed %s", await placed.ended())
    except Failure as failure:
        log.info("wrap placed %s", failure.code)


def compute(rate_hz: int) -> None:
    def level(pcm) -> int:
        return round(kit.level_dbfs(pcm))

    tone = kit.tones([440], AMPLITUDE, rate_hz, 1_000)
    log.info("wrap tone %s %s", len(tone), level(tone))
    with kit.Resampler(rate_hz, 24_000) as up:
        higher = up.push(tone) + up.finish()
    log.info("wrap resampled %s %s", len(higher), level(higher))
    for law in (kit.Law.MU, kit.Law.A):
        coded = kit.to_g711(law, tone)
        log.info("wrap law %s %s", len(coded), level(kit.from_g711(law, coded)))
    heard = kit.KeyDetector(rate_hz).hear(kit.key_tones("42#", AMPLITUDE, rate_hz, 80))
    voice = kit.VoiceDetector(rate_hz)
    speaks = voice.hear(tone)
    log.info("wrap heard %s %s %s", heard, word(speaks), word(voice.spoken_ms > 900 and voice.quiet_ms == 0))
    file_hz, read = kit.read_wav(kit.write_wav(tone, rate_hz))
    log.info("wrap wav %s %s", file_hz, len(read))
    try:
        kit.key_tones("E", AMPLITUDE, rate_hz, 1_000)
    except Failure as failure:
        log.info("wrap refused %s", failure.code)
