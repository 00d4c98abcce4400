"""Echo: answers and says back what it hears."""

from contextlib import suppress

from switchhook_guest import Call, CallEnded, Full, NotNow


async def handle(call: Call) -> None:
    await call.answer()
    async for frame in call.audio():
        # Single legs come on channels of their own beside the call's: to echo them too would double the voice.
        if frame.channel != 0:
            continue
        # `Full`: the carrier pulls slower than the caller speaks. What does not fit is dropped, and the rest stays in time.
        with suppress(Full, CallEnded, NotNow):
            call.play(frame.pcm)
