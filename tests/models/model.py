"""Two realtime voice models for tests, each behind a WebSocket server: OpenAI Realtime and Gemini Live.

They hear by loudness and speak in tones, and have one conversation: a greeting of four seconds, which the caller interrupts; late
audio of it; then, once the caller is silent, they ask for the tool `hang_up` and say goodbye. Every message that comes and goes is
held against the types of the vendors' own packages.

    python model.py DIALECT CERT KEY SECRET     # serves one conversation; prints its port, then what it saw, as JSON
"""

import array
import asyncio
import base64
import json
import math
import ssl
import sys
import time

import pydantic
from google.genai import types as gemini
from openai.types.realtime import RealtimeClientEvent, RealtimeServerEvent
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

LOUD = 300
RATE_HZ = 24_000
CLIENT_EVENT = pydantic.TypeAdapter(RealtimeClientEvent)
SERVER_EVENT = pydantic.TypeAdapter(RealtimeServerEvent)


def tone(hz, ms):
    """Samples of a tone, as bytes."""
    count = RATE_HZ * ms // 1_000
    return array.array("h", (round(9_000 * math.sin(math.tau * hz * n / RATE_HZ)) for n in range(count))).tobytes()


GREETING, GOODBYE = tone(440, 4_000), tone(660, 700)


def pieces(sound):
    """A sound in pieces of 100 ms, in base64."""
    size = RATE_HZ // 10 * 2
    return [base64.b64encode(sound[at : at + size]).decode() for at in range(0, len(sound), size)]


class Ear:
    """Tells when a voice has been heard for 200 ms, and when it has been silent for 500 ms after that."""

    def __init__(self):
        self.loud_ms = self.quiet_ms = 0.0

    def hear(self, pcm, rate_hz):
        samples = array.array("h", pcm)
        ms = 1_000 * len(samples) / rate_hz
        loud = bool(samples) and max(map(abs, samples)) > LOUD
        before = (self.loud_ms >= 200, self.quiet_ms >= 500)
        self.loud_ms, self.quiet_ms = (self.loud_ms + ms, 0) if loud else (self.loud_ms, self.quiet_ms + ms)
        spoke = self.loud_ms >= 200
        if spoke and not before[0]:
            return "voice"
        return "silence" if spoke and self.quiet_ms >= 500 and not before[1] else None


class Model:
    """What both dialects have in common: one conversation, and what was seen of it."""

    def __init__(self, socket, secret):
        self.socket, self.secret = socket, secret
        self.ear = Ear()
        self.seen = {"dialect": type(self).__name__, "cut_ms": [], "results": [], "audio_ms": 0.0, "rates_hz": []}
        self.greeted = None

    async def say(self, message):
        self.check_ours(message)
        await self.socket.send(self.frame(message))

    async def converse(self):
        await self.begin()
        try:
            async for text in self.socket:
                message = json.loads(text)
                await self.take(self.checked(message))
        except ConnectionClosed:
            pass
        self.seen["closed"] = self.socket.close_code
        return self.seen

    async def heard(self, pcm, rate_hz):
        self.seen["audio_ms"] += 1_000 * len(pcm) / 2 / rate_hz
        if rate_hz not in self.seen["rates_hz"]:
            self.seen["rates_hz"].append(rate_hz)
        match self.ear.hear(pcm, rate_hz):
            case "voice":
                self.seen["interrupted_ms"] = round(1_000 * (time.monotonic() - self.greeted))
                await self.interrupted()
            case "silence":
                await self.ask()

    async def greet(self):
        self.greeted = time.monotonic()
        await self.answer("r1", GREETING)


class OpenAI(Model):
    ours = theirs = 0

    def authorized(self, headers):
        return headers.get("authorization") == f"Bearer {self.secret}"

    def frame(self, message):
        return json.dumps(message)

    def check_ours(self, message):
        self.ours += 1
        message["event_id"] = f"event_{self.ours}"
        SERVER_EVENT.validate_python(message)

    def checked(self, message):
        event = CLIENT_EVENT.validate_python(message)
        assert event.type == message["type"], message
        return message

    async def begin(self):
        self.session = {"type": "realtime", "object": "realtime.session", "id": "sess_1", "model": "gpt-realtime"}
        await self.say({"type": "session.created", "session": self.session})

    async def take(self, message):
        match message["type"]:
            case "session.update":
                assert message["session"]["audio"]["input"]["format"] == {"type": "audio/pcm", "rate": RATE_HZ}, message
                assert {"hang_up", "connect_person"} <= {tool["name"] for tool in message["session"]["tools"]}
                await self.say({"type": "session.updated", "session": {**self.session, **message["session"]}})
            case "response.create":
                if self.greeted is None:
                    await self.greet()
                else:
                    await self.answer("r3", GOODBYE)
            case "input_audio_buffer.append":
                await self.heard(base64.b64decode(message["audio"]), RATE_HZ)
            case "conversation.item.truncate":
                self.seen["cut_ms"].append([message["item_id"], message["audio_end_ms"]])
                names = ("item_id", "content_index", "audio_end_ms")
                await self.say({"type": "conversation.item.truncated", **{name: message[name] for name in names}})
            case "conversation.item.create":
                self.seen["results"].append(message["item"])

    def delta(self, answer, piece):
        place = {"response_id": answer, "item_id": f"item_{answer}", "output_index": 0, "content_index": 0}
        return {"type": "response.output_audio.delta", **place, "delta": piece}

    async def answer(self, answer, sound):
        for piece in pieces(sound):
            await self.say(self.delta(answer, piece))
        await self.done(answer, "completed")

    async def done(self, answer, status):
        response = {"id": answer, "object": "realtime.response", "status": status, "output": []}
        await self.say({"type": "response.done", "response": response})

    async def interrupted(self):
        await self.say({"type": "input_audio_buffer.speech_started", "audio_start_ms": 0, "item_id": "item_u1"})
        for piece in pieces(tone(880, 500)):
            await self.say(self.delta("r1", piece))

    async def ask(self):
        place = {"response_id": "r2", "item_id": "item_r2", "output_index": 0, "call_id": "call_1", "name": "hang_up"}
        await self.say({"type": "response.function_call_arguments.done", **place, "arguments": "{}"})
        await self.done("r2", "completed")


class Gemini(Model):
    def authorized(self, headers):
        return headers.get("x-goog-api-key") == self.secret

    def frame(self, message):
        # The vendor's server sends JSON in bytes.
        return json.dumps(message).encode()

    def check_ours(self, message):
        gemini.LiveServerMessage.model_validate(message)

    def checked(self, message):
        # Names may be written in either way.
        checked = gemini.LiveClientMessage.model_validate(message)
        return checked.model_dump(mode="json", by_alias=True, exclude_none=True)

    async def begin(self):
        pass

    async def take(self, message):
        if "setup" in message:
            assert message["setup"]["generationConfig"]["responseModalities"] == ["AUDIO"], message
            await self.say({"setupComplete": {}})
            if "sessionResumption" in message["setup"]:
                await self.say({"sessionResumptionUpdate": {"newHandle": "handle-1", "resumable": True}})
        elif "clientContent" in message:
            await self.greet()
        elif "realtimeInput" in message:
            audio = message["realtimeInput"]["audio"]
            rate_hz = int(audio["mimeType"].removeprefix("audio/pcm;rate="))
            # The package writes base64 for URLs.
            await self.heard(base64.b64decode(audio["data"].replace("-", "+").replace("_", "/")), rate_hz)
        elif "toolResponse" in message:
            self.seen["results"] += message["toolResponse"]["functionResponses"]
            await self.answer("r3", GOODBYE)

    async def speak(self, sound):
        for piece in pieces(sound):
            data = {"mimeType": f"audio/pcm;rate={RATE_HZ}", "data": piece}
            await self.say({"serverContent": {"modelTurn": {"role": "model", "parts": [{"inlineData": data}]}}})

    async def answer(self, answer, sound):
        await self.speak(sound)
        # A greeting that is interrupted is complete only after that.
        if answer != "r1":
            await self.say({"serverContent": {"turnComplete": True}})

    async def interrupted(self):
        await self.say({"serverContent": {"interrupted": True}})
        await self.speak(tone(880, 500))
        await self.say({"serverContent": {"turnComplete": True}})

    async def ask(self):
        await self.say({"toolCall": {"functionCalls": [{"id": "call_1", "name": "hang_up", "args": {}}]}})


DIALECTS = {"openai": OpenAI, "gemini": Gemini}


async def one(dialect, context, secret, ready):
    """Serves one conversation, and answers what was seen of it."""
    over = asyncio.get_running_loop().create_future()

    async def talk(socket):
        model = DIALECTS[dialect](socket, secret)
        try:
            if not model.authorized(socket.request.headers):
                raise PermissionError("the key is not there")
            over.set_result(await model.converse())
        except Exception as error:
            over.set_exception(error)
            raise

    async with serve(talk, "localhost", 0, ssl=context, max_size=None) as server:
        ready(server.sockets[0].getsockname()[1])
        return await over


async def main(dialect, cert, key, secret):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    print(json.dumps(await one(dialect, context, secret, lambda port: print(port, flush=True))), flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
