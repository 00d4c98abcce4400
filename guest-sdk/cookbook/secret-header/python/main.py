"""Tells another service who called. Its key is put in by the host: it is not in here, and never will be."""

import asyncio
import logging

from switchhook_guest import Call, Failure, audio, http


async def handle(call: Call) -> None:
    await call.answer()
    taken = await tell({"caller": call.info.caller, "wants": "to be called back"})
    await call.say(audio.tone(880 if taken else 440, 0.3, call.sample_rate_hz, 500))
    await call.close()


async def tell(note: dict[str, str]) -> bool:
    try:
        async with asyncio.timeout(3):
            # `authorization` is the host's: a handler that sets it here is refused with `INVALID`.
            answer = await http.post("https://notes.example.com/v1/notes", json=note)
    except (TimeoutError, Failure) as error:
        logging.warning("nobody took the note: %s", error)
        return False
    return answer.status == 201
