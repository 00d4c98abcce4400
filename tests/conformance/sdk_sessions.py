"""The public Telcoflow SDK with sessions of both kinds: those that it creates, and chats that people begin.

Reads one JSON object from standard input:

    {"base_url": "ws://127.0.0.1:8080", "api_key": "...", "connector_uuid": "...",
     "create": {"channel": "TELCO", "to": "+15550123"}}

With `create` it creates that session; without, it claims the first session that is announced. It answers a call and waits
for its end. In a chat it sends every message back, one after another, and closes at the text `bye`. Prints `READY` when it
is set up, then one JSON line: a list of what it was told, in order. Ends at once when standard input ends.

Needs nothing but telcoflow==1.0.0.
"""

import asyncio
import json
import logging
import os
import re
import sys
import threading

from telcoflow import CallAudioConfig, CallEvent, SessionManager, SessionManagerConfig
from telcoflow.events import ChannelType
from telcoflow.exceptions import WSSError
from telcoflow.messages import SendWAMessage

API_VERSION = "v1"


def code_of(error):
    """The server's code, which the SDK puts in front of its message."""
    found = re.match(r"\[(\w+)\]", str(error))
    return found.group(1) if found else type(error).__name__


async def serve(session, told):
    """Serves one session to its end."""
    closed = asyncio.Event()
    messages = asyncio.Queue()

    @session.on_incoming_call
    async def on_call(call):
        call.on_call_event(CallEvent.CALL_TERMINATED)(lambda: None)
        result = await call.answer()
        told.append(f"answer {'OK' if result.success else result.error_code}")

    @session.on_incoming_message
    async def on_message(message):
        # The SDK's bus is serial: a handler that stays would keep the answers waiting.
        await messages.put(message)

    @session.on_closed
    def on_closed(reason):
        closed.set()

    async def answer_messages():
        while True:
            message = await messages.get()
            result = await session.send_message(SendWAMessage(API_VERSION, message.content))
            told.append(f"send {'OK' if result.success else result.error_code.value}")
            if message.content.get("text") == "bye":
                await session.close()

    await session.ready()
    answering = asyncio.create_task(answer_messages())
    await closed.wait()
    # Lets a close that waits for this very word return.
    await asyncio.sleep(0.1)
    answering.cancel()
    told.append("closed")


async def run(job):
    config = SessionManagerConfig.create(
        api_key=job["api_key"],
        connector_uuid=job["connector_uuid"],
        base_url=job["base_url"],
        call_audio=CallAudioConfig(sample_rate=16000),
    )
    manager = SessionManager(config)
    announced = asyncio.Queue()

    @manager.on_session_notification
    async def on_notification(notification):
        await announced.put(notification.session_id)

    told = []
    async with manager:
        print("READY", flush=True)
        create = job["create"]
        try:
            if create:
                session = await manager.create_session(ChannelType(create["channel"]), create["to"])
            else:
                session = await manager.open_session(await announced.get())
            told.append("session OK")
        except WSSError as error:
            told.append(f"session {code_of(error)}")
        else:
            await serve(session, told)
    print(json.dumps(told), flush=True)


def end_with_standard_input():
    """Whoever started this process holds its standard input."""
    while os.read(0, 1):
        pass
    os._exit(2)


def main():
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    job = json.loads(sys.stdin.readline())
    threading.Thread(target=end_with_standard_input, daemon=True).start()
    asyncio.run(run(job))


if __name__ == "__main__":
    main()
