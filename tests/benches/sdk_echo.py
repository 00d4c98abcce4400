"""An echo on the public Telcoflow SDK, as its documentation writes one: python sdk_echo.py BASE_URL

Takes calls until its standard input ends.
"""

import asyncio
import os
import sys

from telcoflow import SessionManager, SessionManagerConfig
from telcoflow.concurrent_byte_buffer import BufferFullError


async def echo(call):
    await call.answer()
    async for chunk in call.audio_stream():
        try:
            await call.send_audio(chunk)
        except BufferFullError:
            pass


async def main(base_url):
    manager = SessionManager(
        SessionManagerConfig.create(
            api_key="sim-api-key",
            connector_uuid="00000000-0000-4000-8000-000000000001",
            base_url=base_url,
        )
    )
    # As published the bus refuses events once it holds a hundred, and the SDK goes quiet after about 50 calls.
    manager._bus.event_history.max_history_drop = True
    running = set()

    @manager.on_session_notification
    async def on_notification(notification):
        # The SDK's bus is serial: a handler that stays keeps every later frame waiting.
        task = asyncio.create_task(take(notification))
        running.add(task)
        task.add_done_callback(running.discard)

    async def take(notification):
        session = await manager.open_session(notification.session_id)
        session.on_incoming_call(echo)
        await session.ready()

    async with manager:
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)
        os._exit(0)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
