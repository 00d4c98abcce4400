from switchhook_guest import Call

async def handle(call: Call) -> None:
    await call.answer()
    async for frame in call.audio():
        if frame.channel == 0:
            call.play(frame.pcm)
