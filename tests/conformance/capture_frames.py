"""Captures literal frames from the public Telcoflow SDK as golden files for the Rust parser.

    pip install telcoflow==1.0.0
    python tests/conformance/capture_frames.py [OUTPUT_DIRECTORY]

The SDK runs against a stub server made of its own dependency `websockets`. What it sends is written byte for byte as it
came; what the stub sends is written once the SDK has acted on it. The two tables of leniency go through the SDK's own
reading code, one frame at a time. Without a directory the files under host/telcoflow/tests/golden are replaced;
identifiers that the SDK makes differ from run to run.
"""

import asyncio
import json
import sys
from pathlib import Path

import leniency
from abxbus import BaseEvent
from telcoflow import (
    AudioMode,
    CallAudioConfig,
    CallFlowBuilder,
    ChannelType,
    InboundCallMode,
    SessionManager,
    SessionManagerConfig,
    WSSError,
    __version__,
)
from telcoflow import media_messages
from telcoflow.messages import SendWAMessage
from telcoflow.session_manager_connection import SessionManagerConnection
from telcoflow.voice_session import _VoiceConnection
from websockets.asyncio.server import serve

GOLDEN = Path(__file__).resolve().parents[2] / "host/telcoflow/tests/golden"
WAIT_S = 10


class Stub:
    """A server that answers just enough, and keeps every message."""

    def __init__(self):
        self.handshakes = []
        self.manager_in, self.manager_out = [], []
        self.voice_in, self.voice_out = [], []
        self.audio_in = []
        self.manager = None
        self.voice = None
        self.voice_open = asyncio.Event()
        self.port = None

    async def accept(self, socket):
        kept = ("authorization", "x-", "sec-websocket-extensions")
        headers = {
            name.lower(): value
            for name, value in socket.request.headers.raw_items()
            if name.lower().startswith(kept)
        }
        self.handshakes.append({"path": socket.request.path, "headers": headers})
        if socket.request.path == "/v1/agent/session-manager":
            await self.serve_manager(socket)
        else:
            await self.serve_voice(socket)

    async def serve_manager(self, socket):
        self.manager = socket
        async for text in socket:
            self.manager_in.append(text)
            frame = json.loads(text)
            for answer in self.answers(frame):
                await self.push(answer)

    def answers(self, frame):
        kind, req_id = frame["type"], frame.get("reqId")
        if kind == "setup":
            yield {"type": "setup.done", "smWsId": "sm-ws-1"}
        elif kind == "session.ready" and frame["sessionId"].startswith("call"):
            yield call_in(frame["sessionId"], self.port)
        elif kind == "session.ready":
            yield {
                "type": "wa.msg.in",
                "sessionId": frame["sessionId"],
                "sender": "15550001111",
                "content": {"type": "text", "text": {"body": "grüße ✓"}},
            }
        elif kind == "session.open" and frame["sessionId"] in REFUSALS:
            code, content = REFUSALS[frame["sessionId"]]
            refusal = {"type": "response", "reqId": req_id, "ok": False, "errorCode": code}
            if content is not None:
                refusal["errorContent"] = content
            yield refusal
        elif kind != "session.ready":
            grant = {"type": "response", "reqId": req_id, "ok": True}
            content = content_of(frame)
            yield grant if content is None else grant | {"content": content}

    async def serve_voice(self, socket):
        self.voice = socket
        self.voice_open.set()
        connects = 0
        async for message in socket:
            if isinstance(message, bytes):
                self.audio_in.append(message)
                continue
            self.voice_in.append(message)
            command = json.loads(message)["data"]
            connects += command["command"] == "call.connect"
            unanswered = command["command"] == "call.connect" and connects == 1
            await self.push_voice(command_response(command["command_id"], unanswered))

    async def push(self, frame):
        text = json.dumps(frame)
        self.manager_out.append(text)
        await self.manager.send(text)

    async def push_voice(self, frame):
        text = json.dumps(frame)
        self.voice_out.append(text)
        await self.voice.send(text)


REFUSALS = {
    "busy": ("SESSION_BUSY", {"boundSmWsId": "sm-ws-9"}),
    "closed": ("SESSION_CLOSED", None),
    "lost": ("SESSION_NOT_FOUND", None),
    "quota": ("QUOTA_EXCEEDED", None),
    "newer": ("A_CODE_OF_TOMORROW", {"more": [1, 2.5, None]}),
}


def content_of(frame):
    kind = frame["type"]
    if kind == "session.open":
        channel = "TELCO" if frame["sessionId"].startswith("call") else "WA"
        return {
            "session": {
                "id": frame["sessionId"],
                "channel": channel,
                "remoteAddress": "+15550001111",
                "localAddress": "+15550002222",
                "openedAt": 1700000000,
            }
        }
    if kind == "session.create":
        return {"sessionId": "wa-1", "created": True}
    if kind == "wa.msg.out":
        return {"messages": [{"id": "wamid.1"}]}
    return None


def call_in(session_id, port):
    return {
        "type": "call.in",
        "sessionId": session_id,
        "callId": "c-" + session_id,
        "orgUuid": "0a54a2cc-6b57-4a4c-b3cb-5a9e36c7bd21",
        "from": "+15550001111",
        "to": "+15550002222",
        "url": f"ws://127.0.0.1:{port}/voice/{session_id}",
        "token": "token-of-" + session_id,
    }


def command_response(command_id, unanswered):
    data = {"command_id": command_id, "success": not unanswered}
    if unanswered:
        data |= {"error_code": "CALL_UNANSWERED", "error_message": "nobody picked up"}
    else:
        data["result"] = {"ok": True}
    return {"type": "command_response", "data": data}


def notify(session_id, activity="NEW_INCOMING_CALL", channel="TELCO"):
    return {
        "type": "session.notify",
        "sessionId": session_id,
        "channel": channel,
        "remoteAddress": "+15550001111",
        "localAddress": "+15550002222",
        "activity": activity,
        "createdAt": 1700000000,
    }


async def within(awaitable):
    return await asyncio.wait_for(awaitable, WAIT_S)


async def take_call(stub, sm, announced, session_id, talk):
    """Announces a call, claims it as a program would, and lets `talk` have it."""
    done = asyncio.get_running_loop().create_future()
    await stub.push(notify(session_id))
    notice = await within(announced.get())
    assert (notice.session_id, notice.activity) == (session_id, "NEW_INCOMING_CALL"), notice
    session = await within(sm.open_session(notice.session_id))

    @session.on_incoming_call
    async def _(call):
        try:
            await talk(session, call)
            done.set_result(None)
        except Exception as error:
            done.set_exception(error)

    await session.ready()
    await within(done)


async def everything(stub, session, call):
    """Every command once, audio both ways, and the events of a voice link."""
    assert await call.answer()
    failed = await call.connect(ring_time_seconds=20)
    assert failed.error_code == "CALL_UNANSWERED" and failed.error_message == "nobody picked up"
    assert await call.connect()
    for command in (call.whisper, call.barge, call.spy):
        assert (await command()).payload == {"ok": True}

    audio = call.audio_stream()
    other_leg = call.audio_stream(1)
    for frame in AUDIO_TO_CLIENT:
        await stub.voice.send(frame)
    assert await within(anext(audio)) == AUDIO_TO_CLIENT[0][1:]
    assert await within(anext(other_leg)) == AUDIO_TO_CLIENT[2][1:]
    assert await within(anext(audio)) == AUDIO_TO_CLIENT[3][1:]

    await call.send_audio(bytes(range(24)))
    await stub.push_voice(buffer_request(20, 8))
    await until(lambda: len(stub.audio_in) == 1)
    # For another channel: skipped. The four bytes that are left wait until eight are there.
    await stub.push_voice(buffer_request(100, 8, 1))
    await stub.push_voice(buffer_request(8, 8))
    await call.send_audio(bytes(range(24, 32)))
    await until(lambda: len(stub.audio_in) == 2)
    assert [len(frame) for frame in stub.audio_in] == [1 + 20, 1 + 8]

    dropped = await call.clear_send_audio_buffer()
    assert dropped == 4, dropped
    errors, over = asyncio.Queue(), asyncio.Event()
    call.on_call_event("call.error")(errors.put_nowait)
    call.on_terminated(over.set)
    await stub.push_voice(
        event("call.error", error_code="TTS_SESSION_ERROR", error_message="no voice")
    )
    assert (await within(errors.get()))["error_code"] == "TTS_SESSION_ERROR"

    closed = asyncio.get_running_loop().create_future()
    session.on_closed(closed.set_result)
    closing = asyncio.create_task(session.close())
    await until(lambda: "call.close" in stub.voice_in[-1])
    await stub.push({"type": "session.closed", "sessionId": session.id, "reason": "SDK_REQUEST"})
    await within(closing)
    assert await within(closed) == "SDK_REQUEST"
    await stub.push_voice(event("call.terminated"))
    await within(over.wait())


AUDIO_TO_CLIENT = [b"\x00\x01\x02\x03\x04", b"\x00", b"\x01\x05\x06", b"\x00\x07"]


def buffer_request(requested, preferred, channel=None):
    data = {"requested_bytes": requested, "prefer_audio_frame_bytes": preferred}
    if channel is not None:
        data["channelId"] = channel
    return {"type": "buffer_request", "data": data}


def event(name, **data):
    return {"type": "call_event", "data": {"event": name, **data}}


async def until(condition):
    async with asyncio.timeout(WAIT_S):
        while not condition():
            await asyncio.sleep(0.005)


async def hang_up(session, call):
    assert await call.answer()
    assert await call.disconnect()


async def chat(stub, sm):
    session = await within(sm.create_session(ChannelType.WA, "+15550001111"))
    messages = asyncio.Queue()
    session.on_incoming_message(messages.put_nowait)
    await session.ready()
    message = await within(messages.get())
    assert message.content["text"]["body"] == "grüße ✓"
    sent = await within(session.send_message(SendWAMessage("v1", {"text": {"body": "é 😀 \\"}})))
    assert sent.success and sent.response_content["messages"][0]["id"] == "wamid.1"


async def refusals(sm):
    for session_id in REFUSALS:
        try:
            await within(sm.open_session(session_id))
        except WSSError as error:
            assert REFUSALS[session_id][0] in str(error), error
        else:
            raise AssertionError(f"{session_id} was granted")


async def run_live(stub):
    async with serve(stub.accept, "127.0.0.1", 0) as server:
        stub.port = server.sockets[0].getsockname()[1]
        # The trailing slash shows that the SDK drops it.
        base_url = f"ws://127.0.0.1:{stub.port}/"
        keys = {"api_key": "key-1", "connector_uuid": "7d6cf1f6-3d5c-4f0b-8f06-0a3f5c0c8e55"}
        async with SessionManager(SessionManagerConfig.create(**keys, base_url=base_url)) as sm:
            assert sm.id == "sm-ws-1"
            flow = CallFlowBuilder().inbound_call(InboundCallMode.ALL).outbound_call(True)
            await within(sm.setup_call_flow(flow.inbound_message(True).build()))
            await within(sm.setup_call_flow(CallFlowBuilder().build()))
            announced = asyncio.Queue()
            sm.on_session_notification(announced.put_nowait)
            await take_call(stub, sm, announced, "call-1", lambda s, c: everything(stub, s, c))
            await take_call(stub, sm, announced, "call-2", hang_up)
            await refusals(sm)
            await chat(stub, sm)
        audio = CallAudioConfig(sample_rate=24000, audio_mode=AudioMode.ISOLATED)
        config = SessionManagerConfig.create(**keys, base_url=base_url, call_audio=audio)
        async with SessionManager(config):
            pass


class Bus:
    """Keeps what the SDK would publish."""

    def __init__(self):
        self.events = []

    def emit(self, event):
        self.events.append(event)


async def read_manager(text):
    """What the SDK makes of one frame: an event, an answer, a setup, or nothing."""
    bus = Bus()
    connection = SessionManagerConnection("ws://nowhere", bus)
    answer = asyncio.get_running_loop().create_future()
    connection._pending_requests["req-1"] = answer
    try:
        await connection._handle_message(json.loads(text))
    except Exception as error:
        return {"raised": type(error).__name__}
    if connection._setup_done_event.is_set():
        return {"setup": connection.id}
    if answer.done():
        return {"response": vars(answer.result())}
    if bus.events:
        names = type(bus.events[0]).model_fields.keys() - BaseEvent.model_fields.keys()
        return {type(bus.events[0]).__name__: {n: getattr(bus.events[0], n) for n in sorted(names)}}
    return None


def read_voice(text):
    """What the SDK makes of one text frame of the voice plane."""
    parsed = media_messages.parse_media_message(text)
    if parsed is None:
        return None
    kind = parsed.get("type")
    if kind == media_messages.TYPE_BUFFER_REQUEST:
        return {
            "requested": media_messages.get_buffer_request_bytes(parsed),
            "preferred": media_messages.get_buffer_request_prefer_frame_bytes(parsed),
            "channel": media_messages.get_buffer_request_channel_id(parsed),
        }
    if kind == media_messages.TYPE_CALL_EVENT:
        found = media_messages.get_call_event_from_message(parsed)
        return found and {"event": found[0], "extra": found[1]}
    if kind == media_messages.TYPE_COMMAND_RESPONSE:
        found = media_messages.get_command_response_data(parsed)
        return found and {"response": found}
    return None


async def read_audio(frame):
    connection = _VoiceConnection("ws://nowhere", "", 1024)
    await connection._handle_audio(frame)
    for channel, queue in connection._audio_from_server_queues.items():
        return {"channel": channel, "pcm": queue.get_nowait().hex()}
    return None


async def main():
    assert __version__ == "1.0.0", f"the golden frames are of 1.0.0, this is {__version__}"
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else GOLDEN
    out.mkdir(parents=True, exist_ok=True)
    stub = Stub()
    await run_live(stub)

    def write(name, lines):
        (out / name).write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        print(f"{name}: {len(lines)}")

    port = f":{stub.port}/"
    write("manager-to-server.jsonl", stub.manager_in)
    write("manager-to-client.jsonl", [text.replace(port, ":18080/") for text in stub.manager_out])
    write("voice-to-server.jsonl", stub.voice_in)
    write("voice-to-client.jsonl", stub.voice_out)
    write("audio-to-server.hex", [frame.hex() for frame in stub.audio_in])
    write("handshakes.jsonl", [json.dumps(handshake) for handshake in stub.handshakes])
    manager = [{"frame": text, "sdk": await read_manager(text)} for text in leniency.MANAGER]
    write("manager-leniency.jsonl", [json.dumps(line) for line in manager])
    voice = [{"frame": text, "sdk": read_voice(text)} for text in leniency.VOICE]
    write("voice-leniency.jsonl", [json.dumps(line) for line in voice])
    audio = [{"frame": frame.hex(), "sdk": await read_audio(frame)} for frame in AUDIO_TO_CLIENT]
    write("audio-to-client.jsonl", [json.dumps(line) for line in audio])


if __name__ == "__main__":
    asyncio.run(main())
