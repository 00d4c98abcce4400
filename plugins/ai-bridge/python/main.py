"""ai-bridge: the caller talks with a realtime voice model.

The model is reached while it rings, and the call is answered when it is ready. The key to it is put in by the host.
"""

import asyncio
import json
import logging
from array import array
from typing import Any

from dialects import DIALECTS, Asks, Audio, Done, Interrupted, Leaves, Ready, Trouble, Wanted, Withdraws
from playback import Playback
from sound import Inward, Outward
from switchhook_guest import Call, CallEnded, Failure, config, http, race
from switchhook_guest.socket import Socket
from wit_world.imports import types

READY_S_MAX = 10
"""For a model to be ready."""
RESUMES_MAX = 100
"""How often a session may go on over another socket."""
GOODBYE_S_MAX = 30
"""For the goodbye to be heard."""
GOODBYE_QUIET_S = 4
"""A model that shall say goodbye and says nothing for so long has said it."""
PIECE_MS = 100
"""Audio goes to the host in pieces of this length."""
ANSWER_S_MAX = 180
"""Audio of an answer that waits here. What is more is not said."""
TOOL_S_MAX = 15
"""For an answer of the tools' host."""

NOTHING = {"type": "object", "properties": {}}
TOOLS = [
    {
        "name": "hang_up",
        "description": "Ends the call. Call this when the conversation is over; then say goodbye.",
        "parameters": NOTHING,
    },
    {
        "name": "connect_person",
        "description": "Rings a person and connects the caller. Say first that it takes a moment.",
        "parameters": NOTHING,
    },
]

log = logging.getLogger(__name__)


async def handle(call: Call) -> None:
    name = config.get("dialect", "openai")
    if name not in DIALECTS:
        raise Failure("INVALID", f"no dialect is called {name!r}")
    kind = DIALECTS[name]
    model = config.get("model", kind.MODEL)
    wanted = Wanted(
        model=model,
        voice=config.get("voice"),
        instructions=config.get("instructions", ""),
        greeting=config.get("greeting"),
        tools=TOOLS + json.loads(config.get("tools", "[]")),
        rate_hz=call.sample_rate_hz,
    )
    bridge = Bridge(call, kind(wanted), config.get("url", kind.URL).replace("{model}", model))
    await bridge.open()
    await call.answer()
    await bridge.talk()
    await bridge.close()
    await call.close()


class Bridge:
    """What the caller says goes to the model, what the model says is played, and whoever speaks interrupts."""

    socket: Socket

    def __init__(self, call: Call, dialect: Any, url: str) -> None:
        self.call, self.dialect, self.url = call, dialect, url
        # Clear while the session changes sockets.
        self.settled = asyncio.Event()
        # The model will leave soon; how often it did.
        self.leaves, self.resumes = False, 0
        self.inward = Inward(call.sample_rate_hz, dialect.hears)
        self.outward = Outward(dialect.speaks, call.sample_rate_hz)
        # What the model said and the host does not have yet.
        self.queue = array("h")
        self.more = asyncio.Event()
        self.speaking = False
        self.playback = Playback(lambda: call.position)
        self.leaving = False
        self.tools: dict[str, asyncio.Task[None]] = {}
        self.results: asyncio.Queue[str] = asyncio.Queue()

    async def open(self) -> None:
        """Waits until the model is ready."""
        self.socket = await Socket.open(self.url)
        await self.greet(self.dialect.hello())

    async def close(self) -> None:
        """Closes the session; what was sent before leaves first."""
        self.socket.close()
        await self.socket.wait_closed()

    async def resume(self) -> bool:
        """Goes on with the same session over another socket. Whether it does."""
        self.leaves = False
        hello = self.dialect.resume() if self.resumes < RESUMES_MAX else None
        if hello is None:
            return False
        self.resumes += 1
        # What the caller says meanwhile waits.
        self.settled.clear()
        before = self.socket
        try:
            self.socket = await Socket.open(self.url)
        except CallEnded:
            raise
        except Failure as failure:
            log.warning("the session cannot go on over another socket: %s", failure.code)
            self.settled.set()
            return False
        before.close()
        # What was under way is not coming any more.
        self.playback.is_whole()
        await self.greet(hello)
        log.info("the session goes on over another socket")
        return True

    async def greet(self, hello: Any) -> None:
        try:
            await asyncio.wait_for(self.greeted(hello), READY_S_MAX)
        except TimeoutError:
            raise Failure("TIMEOUT", "the model is not ready") from None
        self.settled.set()

    async def greeted(self, hello: Any) -> None:
        await self.send(*hello)
        while True:
            for heard in await self.next():
                match heard:
                    case Ready():
                        return
                    case Trouble(what):
                        raise Failure("MODEL_REFUSED", what)

    async def talk(self) -> None:
        """To the end of the conversation: its goodbye was heard, or a person is connected."""
        form = f"{self.dialect.hears.rate_hz} Hz and speaks {self.dialect.speaks.rate_hz} Hz"
        log.info("the model hears %s; the call has %s Hz", form, self.call.sample_rate_hz)
        await self.send(*self.dialect.begin())
        try:
            name, _ = await race(
                listen=self.listen(), speak=self.speak(), read=self.read(), watch=self.watch(), connected=self.connected()
            )
        finally:
            for task in self.tools.values():
                task.cancel()
        log.info("over: %s", name)

    async def send(self, *messages: dict) -> None:
        for message in messages:
            await self.socket.send(json.dumps(message))

    async def next(self) -> list[Any]:
        """What the next message means. Raises ``MODEL_LOST`` when the model is gone."""
        try:
            return [*self.dialect.hear(json.loads(await self.socket.read()))]
        except CallEnded:
            if self.socket.closed is None:
                raise
            raise Failure("MODEL_LOST", f"the model is gone: {self.socket.closed[1]}") from None

    async def listen(self) -> None:
        with self.call.audio() as frames:
            while True:
                frame = await frames.read()
                await self.settled.wait()
                if frame.channel == 0 and self.socket.closed is None:
                    # What a socket that is behind does not take is late already.
                    self.socket.try_send(json.dumps(self.dialect.audio(self.inward.take(frame.pcm))))

    async def watch(self) -> None:
        with self.call.events() as events:
            while True:
                match await events.read():
                    case types.Event_Warning(failure) if failure.code == "VOICE_LOST":
                        self.playback.broke()

    async def speak(self) -> None:
        piece = self.call.sample_rate_hz * PIECE_MS // 1_000
        while True:
            await self.more.wait()
            part, self.queue = self.queue[:piece], self.queue[piece:]
            if not self.queue:
                self.more.clear()
            self.speaking = True
            await self.call.play_all(part)
            self.speaking = False

    async def read(self) -> None:
        while True:
            try:
                meant = await self.next()
            except Failure as failure:
                if failure.code != "MODEL_LOST":
                    raise
                if not self.leaving and await self.resume():
                    continue
                if not self.leaving and self.socket.closed[0] != 1_000:
                    raise
                return await self.heard_out()
            for heard in meant:
                if await self.heard(heard):
                    return await self.heard_out()
            # Between two answers nothing is lost.
            if self.leaves and not self.leaving and not self.playback.comes():
                await self.resume()

    async def heard(self, heard: Any) -> bool:
        """Whether it is over."""
        match heard:
            case Audio(data):
                self.says(data)
            case Interrupted():
                await self.interrupted()
            case Done():
                self.push(self.outward.finish())
                self.playback.is_whole()
                return self.leaving
            case Asks() as asked:
                log.info("the model asks for %s", asked.name)
                self.tools[asked.id] = asyncio.create_task(self.run(asked))
            case Withdraws(ids):
                for id in ids:
                    if task := self.tools.pop(id, None):
                        task.cancel()
            case Leaves():
                self.leaves = True
            case Trouble(what):
                log.warning("the model says: %s", what)
        return False

    def says(self, data: bytes) -> None:
        samples = self.outward.take(data)
        if len(self.queue) + len(samples) > ANSWER_S_MAX * self.call.sample_rate_hz:
            log.warning("an answer is longer than %s s: the rest is not said", ANSWER_S_MAX)
            return
        self.playback.begins()
        self.push(samples)

    def push(self, samples: array) -> None:
        if not samples:
            return
        self.queue.extend(samples)
        self.playback.came(len(samples))
        self.more.set()

    async def interrupted(self) -> None:
        """The caller speaks: silence at once, and the model is told what can have been heard."""
        if not self.playback.sounds():
            return
        self.queue = array("h")
        self.more.clear()
        self.call.clear()
        self.outward.finish()
        heard_ms = self.playback.cleared() * 1_000 // self.call.sample_rate_hz
        log.info("interrupted: %s ms of the answer were heard", heard_ms)
        await self.send(*self.dialect.cut(heard_ms))

    async def run(self, asked: Asks) -> None:
        """Does what the model asks for, and tells it what came of it."""
        try:
            outcome = await self.outcome(asked)
        except CallEnded:
            return
        except Failure as failure:
            log.info("%s failed with %s", asked.name, failure.code)
            outcome = {"error": failure.code, "message": failure.message}
        else:
            if asked.name == "connect_person":
                return self.results.put_nowait(asked.name)
        self.tools.pop(asked.id, None)
        await self.send(*self.dialect.result(asked, outcome))
        if asked.name == "hang_up":
            self.leaving = True
            # A model that has nothing to say is not waited for.
            self.tools["goodbye"] = asyncio.create_task(self.quiet())

    async def outcome(self, asked: Asks) -> Any:
        url = config.get("tool_url")
        if asked.name == "hang_up":
            return {"ok": True, "next": "say goodbye"}
        if asked.name == "connect_person":
            return await self.call.connect(config.get("ring_time_s", 20))
        if url is None:
            raise Failure("NOT_SUPPORTED", f"there is no tool {asked.name!r}")
        info = self.call.info
        caller = {"id": info.id, "caller": info.caller, "callee": info.callee}
        question = {"name": asked.name, "arguments": asked.arguments, "call": caller}
        try:
            async with asyncio.timeout(TOOL_S_MAX):
                answer = await http.post(url, json=question)
                if not answer.ok:
                    raise Failure("HTTP", f"the answer has the status {answer.status}")
                return await answer.json()
        except TimeoutError:
            raise Failure("TIMEOUT", "no answer in time") from None

    async def quiet(self) -> None:
        pushed = -1
        while pushed != self.playback.pushed:
            pushed = self.playback.pushed
            await asyncio.sleep(GOODBYE_QUIET_S)
        self.results.put_nowait("goodbye")

    async def connected(self) -> None:
        """A person is connected, or nothing more is said."""
        await self.results.get()

    async def heard_out(self) -> None:
        """Waits until all that was said was heard: a mark behind it tells."""

        async def drained() -> None:
            while self.queue or self.speaking:
                await asyncio.sleep(0.05)
            await self.call.heard()

        try:
            await asyncio.wait_for(drained(), GOODBYE_S_MAX)
        except TimeoutError:
            log.info("the goodbye takes too long")
