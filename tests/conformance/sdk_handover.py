"""The public Telcoflow SDK on one side of a call that moves between two processes.

Reads one JSON object from standard input, with `mode`:

- `give`: connects, claims the next session, and prints `{"call": ...}` with what `Call.to_json` says of its call, then
  `{"closed": ...}` when the session is closed. The voice socket is never opened here.
- `take`: makes a call of `call` by `Call.from_json`, answers it and sends back all that it hears; prints what its steps came to
  and how much it heard.

Prints `READY` first. Ends at once when standard input ends. Needs nothing but telcoflow==1.0.0.
"""

import asyncio
import json
import logging
import sys
import threading

from sdk_client import Agent, end_with_standard_input
from telcoflow import CallAudioConfig, SessionManager, SessionManagerConfig
from telcoflow.call import Call


def say(what):
    print(json.dumps(what), flush=True)


async def give(job):
    """Claims one session and prints its call."""
    config = SessionManagerConfig.create(
        api_key=job["api_key"], connector_uuid=job["connector_uuid"], base_url=job["base_url"]
    )
    manager = SessionManager(config)
    closed = asyncio.get_running_loop().create_future()
    tasks = set()

    async def claim(session_id):
        session = await manager.open_session(session_id)

        @session.on_incoming_call
        async def on_call(call):
            say({"call": call.to_json()})

        @session.on_closed
        def on_closed(reason):
            if not closed.done():
                closed.set_result(str(reason))

        await session.ready()

    @manager.on_session_notification
    async def on_notification(notification):
        # The SDK's bus is serial: a handler that stays keeps every later frame waiting.
        task = asyncio.create_task(claim(notification.session_id))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    async with manager:
        print("READY", flush=True)
        say({"closed": await closed})


async def take(job):
    """Answers a call of another process and echoes it."""
    audio = CallAudioConfig(sample_rate=job["sample_rate_hz"])
    call = Call.from_json(job["call"], audio_config=audio)
    agent = Agent(call, [{"do": "answer"}, {"do": "echo"}], job["sample_rate_hz"])
    print("READY", flush=True)
    steps = await agent.run()
    say({"steps": steps, "heard": await agent.all_heard()})


def main():
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    job = json.loads(sys.stdin.readline())
    threading.Thread(target=end_with_standard_input, daemon=True).start()
    asyncio.run({"give": give, "take": take}[job["mode"]](job))


if __name__ == "__main__":
    main()
