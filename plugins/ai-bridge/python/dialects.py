"""What the models speak: each dialect turns messages into what they mean and back, and knows nothing of calls.

A dialect drops audio that belongs to an answer which was interrupted: what comes after ``Interrupted`` and is not of a later
answer is never told.
"""

import json
from base64 import b64decode, b64encode
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sound import Sound


@dataclass
class Wanted:
    """What a session is begun with."""

    model: str
    voice: str | None
    instructions: str
    greeting: str | None
    tools: list[dict[str, Any]]
    rate_hz: int


@dataclass
class Ready:
    """The session is as it was wanted."""


@dataclass
class Audio:
    """Audio of the present answer, as it came."""

    data: bytes


@dataclass
class Interrupted:
    """The caller speaks: the answer is over."""


@dataclass
class Done:
    """The answer is whole."""


@dataclass
class Asks:
    """The model asks for something."""

    id: str
    name: str
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass
class Withdraws:
    """It needs that no more."""

    ids: list[str]


@dataclass
class Leaves:
    """It will leave soon."""


@dataclass
class Trouble:
    """Something is wrong; the session goes on."""

    what: str


class OpenAI:
    """OpenAI Realtime.

    At 8000 Hz both sides speak mu-law, at 24000 Hz PCM: nothing is resampled. At 16000 Hz each way is resampled once.
    """

    MODEL = "gpt-realtime"
    URL = "wss://api.openai.com/v1/realtime?model={model}"

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self.hears = self.speaks = Sound(8_000, mulaw=True) if wanted.rate_hz == 8_000 else Sound(24_000)
        self._ready = False
        self._answer = self._item = ""
        self._stale: deque[str] = deque(maxlen=8)
        # Told when the answer is whole, since no other can begin before.
        self._asked: list[Asks] = []

    def resume(self) -> None:
        """A session that is gone is gone."""

    def hello(self) -> Iterator[dict]:
        form = {"type": "audio/pcmu"} if self.hears.mulaw else {"type": "audio/pcm", "rate": self.hears.rate_hz}
        detection = {"type": "server_vad", "create_response": True, "interrupt_response": True}
        output = {"format": form, **({"voice": self._wanted.voice} if self._wanted.voice else {})}
        session = {
            "type": "realtime",
            "instructions": self._wanted.instructions,
            "output_modalities": ["audio"],
            "audio": {"input": {"format": form, "turn_detection": detection}, "output": output},
            "tools": [{"type": "function", **tool} for tool in self._wanted.tools],
            "tool_choice": "auto",
        }
        yield {"type": "session.update", "session": session}

    def hear(self, message: dict) -> Iterator[Any]:
        match message:
            case {"type": "session.updated"} if not self._ready:
                self._ready = True
                yield Ready()
            case {"type": "response.output_audio.delta" | "response.audio.delta", "response_id": answer, "delta": data}:
                if answer not in self._stale:
                    self._answer, self._item = answer, message["item_id"]
                    yield Audio(b64decode(data))
            case {"type": "input_audio_buffer.speech_started"}:
                if self._answer:
                    self._stale.append(self._answer)
                    self._answer = ""
                yield Interrupted()
            case {"type": "response.function_call_arguments.done", "call_id": id, "name": name}:
                self._asked.append(Asks(id, name, _arguments(message.get("arguments"))))
            case {"type": "response.done", "response": {"status": status}}:
                asked, self._asked = self._asked, []
                if status == "failed":
                    yield Trouble(json.dumps(message["response"].get("status_details")))
                if status != "cancelled":
                    yield Done()
                    yield from asked
            case {"type": "error", "error": {"message": what}}:
                yield Trouble(what)

    def audio(self, data: bytes) -> dict:
        return {"type": "input_audio_buffer.append", "audio": b64encode(data).decode()}

    def begin(self) -> Iterator[dict]:
        if self._wanted.greeting:
            instructions = f"Greet the caller with these words: {self._wanted.greeting}"
            yield {"type": "response.create", "response": {"instructions": instructions}}

    def cut(self, heard_ms: int) -> Iterator[dict]:
        place = {"item_id": self._item, "content_index": 0, "audio_end_ms": heard_ms}
        yield {"type": "conversation.item.truncate", **place}

    def result(self, asked: Asks, outcome: Any) -> Iterator[dict]:
        item = {"type": "function_call_output", "call_id": asked.id, "output": json.dumps(outcome)}
        yield {"type": "conversation.item.create", "item": item}
        yield {"type": "response.create"}


class Gemini:
    """Gemini Live.

    The model hears any rate that is named, and speaks at 24000 Hz. It keeps account of interruptions by itself.
    """

    MODEL = "gemini-2.5-flash-native-audio-preview-09-2025"
    URL = (
        "wss://generativelanguage.googleapis.com/ws/"
        "google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
    )

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self.hears, self.speaks = Sound(wanted.rate_hz), Sound(24_000)
        # An answer was interrupted and is not whole.
        self._stale = False
        # By which the session can go on over another socket.
        self._handle: str | None = None

    def resume(self) -> Iterator[dict] | None:
        """What is sent over another socket, when the session can go on there."""
        self._stale = False
        return self.hello() if self._handle else None

    def hello(self) -> Iterator[dict]:
        generation: dict[str, Any] = {"responseModalities": ["AUDIO"]}
        if self._wanted.voice:
            voice = {"prebuiltVoiceConfig": {"voiceName": self._wanted.voice}}
            generation["speechConfig"] = {"voiceConfig": voice}
        declarations = [
            {"name": tool["name"], "description": tool["description"], "parametersJsonSchema": tool["parameters"]}
            for tool in self._wanted.tools
        ]
        model = self._wanted.model
        setup = {
            "model": model if "/" in model else f"models/{model}",
            "generationConfig": generation,
            "systemInstruction": {"parts": [{"text": self._wanted.instructions}]},
            "tools": [{"functionDeclarations": declarations}],
            "sessionResumption": {"handle": self._handle} if self._handle else {},
        }
        yield {"setup": setup}

    def hear(self, message: dict) -> Iterator[Any]:
        match message:
            case {"setupComplete": _}:
                yield Ready()
            case {"toolCall": {"functionCalls": calls}}:
                yield from (Asks(call["id"], call["name"], call.get("args") or {}) for call in calls)
            case {"toolCallCancellation": {"ids": ids}}:
                yield Withdraws(ids)
            case {"sessionResumptionUpdate": {"newHandle": str() as handle}} if handle:
                self._handle = handle
            case {"goAway": _}:
                yield Leaves()
            case {"serverContent": content}:
                if content.get("interrupted"):
                    self._stale = True
                    yield Interrupted()
                for part in content.get("modelTurn", {}).get("parts", []):
                    if "inlineData" in part and not self._stale:
                        yield Audio(b64decode(part["inlineData"]["data"]))
                if content.get("turnComplete"):
                    stale, self._stale = self._stale, False
                    if not stale:
                        yield Done()

    def audio(self, data: bytes) -> dict:
        kind = f"audio/pcm;rate={self._wanted.rate_hz}"
        return {"realtimeInput": {"audio": {"data": b64encode(data).decode(), "mimeType": kind}}}

    def begin(self) -> Iterator[dict]:
        if self._wanted.greeting:
            words = f"Greet the caller with these words: {self._wanted.greeting}"
            turns = [{"role": "user", "parts": [{"text": words}]}]
            yield {"clientContent": {"turns": turns, "turnComplete": True}}

    def cut(self, _heard_ms: int) -> Iterator[dict]:
        yield from ()

    def result(self, asked: Asks, outcome: Any) -> Iterator[dict]:
        response = {"id": asked.id, "name": asked.name, "response": {"result": outcome}}
        yield {"toolResponse": {"functionResponses": [response]}}


DIALECTS = {"openai": OpenAI, "gemini": Gemini}


def _arguments(text: str | None) -> dict[str, Any]:
    try:
        return json.loads(text or "{}")
    except ValueError:
        return {}
