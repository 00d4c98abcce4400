"""The public Telcoflow SDK as a scripted agent.

Reads one JSON object from standard input:

    {"base_url": "ws://127.0.0.1:8080", "api_key": "...", "connector_uuid": "...",
     "cert_path": null, "key_path": null,
     "sample_rate_hz": 16000, "audio_mode": "mixed", "scenario": "echo", "calls": 1,
     "agent": [{"do": "answer"}, {"do": "connect", "ring_time_s": 5, "fails_with": "CALL_UNANSWERED"}]}

and takes calls, running the steps of `agent` in each. Prints `READY` when it is set up, then one JSON
line for each finished call: what every step came to, how much PCM came on each channel with its checksum,
and what went wrong. Ends after `calls` calls, with status 1 when anything went wrong, and at once when standard
input ends. With `may_lose` a call that does not come to its end is nothing wrong: others claim calls too. The steps
are those of the simulator's scenarios.

Needs nothing but telcoflow==1.0.0.
"""

import array
import asyncio
import json
import logging
import math
import os
import sys
import threading
import zlib
from collections import deque

from telcoflow import AudioMode, CallAudioConfig, CallEvent, SessionManager, SessionManagerConfig
from telcoflow.exceptions import WSSCallCommandError, WSSError

# No step of a scenario takes longer, s.
STEP_LIMIT_S = 20
# From the last step to `session.closed`, s.
CLOSED_LIMIT_S = 10
# From there to the end of the voice socket, s.
VOICE_LIMIT_S = 10
# The call, and in isolated mode the caller and the callee.
CHANNELS = (0, 1, 2)


class Agent:
    """One call's run through the steps."""

    def __init__(self, call, steps, sample_rate_hz):
        self.call = call
        self.steps = steps
        self.sample_rate_hz = sample_rate_hz
        self.terminated = asyncio.Event()
        self.call_error = asyncio.Event()
        self.errors = []
        self.heard = {}
        self.heard_more = asyncio.Condition()
        self.listeners = {}
        self.echoing = False
        self.unechoed = deque()
        call.on_call_event(CallEvent.CALL_TERMINATED)(self.terminated.set)
        call.on_call_event(CallEvent.CALL_ERROR)(self._on_call_error)

    def _on_call_error(self, data):
        self.errors.append(data)
        self.call_error.set()

    async def run(self):
        done = []
        for step in self.steps:
            try:
                code = await asyncio.wait_for(self._step(dict(step)), STEP_LIMIT_S)
            except TimeoutError:
                code = "STEP_LIMIT"
            except WSSError as error:
                code = type(error).__name__
            expected = step.get("fails_with")
            done.append({"do": step["do"], "code": code, "as_expected": code == expected})
            if code != expected:
                break
            self._listen_to_all()
        return done

    def _listen_to_all(self):
        """Listens to every channel once there is a voice socket, which the first command opens. What came before waits."""
        if self.call.voice_session is not None and not self.listeners:
            self.listeners = {channel: asyncio.create_task(self._listen(channel)) for channel in CHANNELS}

    async def all_heard(self):
        """What came on each channel, once the server has closed the voice socket."""
        if self.listeners:
            await asyncio.wait(self.listeners.values(), timeout=VOICE_LIMIT_S)
        open_still = [listener for listener in self.listeners.values() if not listener.done()]
        for listener in open_still:
            listener.cancel()
        return None if open_still else self.heard

    async def _step(self, step):
        """Runs one step; the error code of its command, or None."""
        action = step.pop("do").replace("-", "_")
        step.pop("fails_with", None)
        return await getattr(self, f"_{action}")(**step)

    async def _answer(self):
        return code_of(await self.call.answer())

    async def _connect(self, ring_time_s):
        return code_of(await self.call.connect(ring_time_seconds=ring_time_s))

    async def _whisper(self):
        return code_of(await self.call.whisper())

    async def _barge(self):
        return code_of(await self.call.barge())

    async def _spy(self):
        return code_of(await self.call.spy())

    async def _disconnect(self):
        return code_of(await self.call.disconnect())

    async def _close(self):
        return code_of(await self.call.close())

    async def _interrupt(self):
        try:
            await self.call.clear_send_audio_buffer()
        except WSSCallCommandError as error:
            return error.error_code
        return None

    async def _say(self, freq_hz, ms):
        step = 2 * math.pi * freq_hz / self.sample_rate_hz
        samples = range(self.sample_rate_hz * ms // 1000)
        pcm = array.array("h", (round(16000 * math.sin(step * at)) for at in samples))
        if sys.byteorder == "big":
            pcm.byteswap()
        await self.call.send_audio(pcm.tobytes())

    async def _echo(self):
        while self.unechoed:
            await self.call.send_audio(self.unechoed.popleft())
        self.echoing = True
        await self.listeners[0]

    async def _wait_audio(self, channel, bytes):
        async with self.heard_more:
            await self.heard_more.wait_for(lambda: self.heard.get(channel, {}).get("bytes", 0) >= bytes)

    async def _listen(self, channel):
        async for chunk in self.call.audio_stream(channel):
            async with self.heard_more:
                heard = self.heard.setdefault(channel, {"bytes": 0, "crc32": 0})
                heard["bytes"] += len(chunk)
                heard["crc32"] = zlib.crc32(chunk, heard["crc32"])
                self.heard_more.notify_all()
            if channel == 0 and self.echoing:
                await self.call.send_audio(chunk)
            elif channel == 0:
                self.unechoed.append(chunk)

    async def _wait_call_error(self):
        await self.call_error.wait()

    async def _wait_terminated(self):
        await self.terminated.wait()

    async def _wait(self, ms):
        await asyncio.sleep(ms / 1000)


def code_of(result):
    """The error code of a command's result, or None."""
    return None if result.success else result.error_code


async def take_call(manager, notification, job):
    """Claims one session and runs its call; what came of it."""
    session = await manager.open_session(notification.session_id)
    finished = asyncio.get_running_loop().create_future()
    closed = asyncio.get_running_loop().create_future()

    @session.on_incoming_call
    async def on_call(call):
        agent = Agent(call, job["agent"], job["sample_rate_hz"])
        steps = await agent.run()
        if not finished.done():
            finished.set_result((steps, agent))

    @session.on_closed
    def on_closed(reason):
        if not closed.done():
            closed.set_result(str(reason))

    await session.ready()
    steps, agent = await finished
    try:
        reason = await asyncio.wait_for(closed, CLOSED_LIMIT_S)
    except TimeoutError:
        reason = None
    heard = await agent.all_heard()
    good = reason is not None and heard is not None and all(step["as_expected"] for step in steps)
    return {
        "scenario": job["scenario"],
        "ok": good and len(steps) == len(job["agent"]),
        "steps": steps,
        "heard": heard,
        "call_errors": agent.errors,
        "closed": reason,
    }


async def serve(job):
    """Takes calls until there were as many as asked for; whether all went well."""
    audio = CallAudioConfig(sample_rate=job["sample_rate_hz"], audio_mode=AudioMode(job["audio_mode"]))
    config = SessionManagerConfig.create(
        api_key=job["api_key"],
        connector_uuid=job["connector_uuid"],
        cert_path=job["cert_path"],
        key_path=job["key_path"],
        base_url=job["base_url"],
        call_audio=audio,
    )
    manager = SessionManager(config)
    # As published the bus refuses events once it holds a hundred, and the SDK goes quiet after about 50 calls.
    manager._bus.event_history.max_history_drop = True
    running = set()
    reports = asyncio.Queue()

    @manager.on_session_notification
    async def on_notification(notification):
        # The SDK's bus is serial: a handler that stays keeps every later frame waiting.
        task = asyncio.create_task(run_one(notification))
        running.add(task)
        task.add_done_callback(running.discard)

    async def run_one(notification):
        try:
            await reports.put(await take_call(manager, notification, job))
        except WSSError as error:
            await reports.put({"scenario": job["scenario"], "ok": False, "error": f"{type(error).__name__}: {error}"})

    good = True
    async with manager:
        print("READY", flush=True)
        for _ in range(job.get("calls", 1)):
            report = await reports.get()
            good = good and (report["ok"] or job.get("may_lose", False))
            print(json.dumps(report), flush=True)
    return good


def end_with_standard_input():
    """Whoever started this process holds its standard input: nobody is left to take its calls for when that ends."""
    # Not by `sys.stdin`: a thread that holds its lock would spoil the end of the interpreter.
    while os.read(0, 1):
        pass
    os._exit(2)


def main():
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    job = json.loads(sys.stdin.readline())
    threading.Thread(target=end_with_standard_input, daemon=True).start()
    sys.exit(0 if asyncio.run(serve(job)) else 1)


if __name__ == "__main__":
    main()
