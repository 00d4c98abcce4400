"""The vendors' own clients have the whole conversation with the models of model.py, so that what a handler is tested against is
what a vendor's client accepts.

    SSL_CERT_FILE=CA python judge.py CERT KEY
"""

import array
import asyncio
import base64
import ssl
import sys

import model
from google import genai
from openai import AsyncOpenAI

SECRET = "a-key-of-the-tests"
VOICE = array.array("h", [4_000, -4_000] * 4_800).tobytes()
QUIET = bytes(len(VOICE) * 2)


async def openai(port):
    client = AsyncOpenAI(api_key=SECRET, base_url=f"https://localhost:{port}/v1")
    sounds = {"item_r1": b"", "item_r3": b""}
    async with client.realtime.connect(model="gpt-realtime") as connection:
        form = {"type": "audio/pcm", "rate": 24_000}
        tools = [{"type": "function", "name": name, "parameters": {}} for name in ("hang_up", "connect_person")]
        session = {"type": "realtime", "audio": {"input": {"format": form}}, "tools": tools}
        await connection.session.update(session=session)
        cut = False
        async for event in connection:
            match event.type:
                case "session.updated":
                    await connection.response.create()
                case "response.output_audio.delta" if event.item_id == "item_r3" or not cut:
                    sounds[event.item_id] += base64.b64decode(event.delta)
                case "input_audio_buffer.speech_started":
                    cut = True
                    await connection.conversation.item.truncate(item_id="item_r1", content_index=0, audio_end_ms=700)
                    await connection.input_audio_buffer.append(audio=base64.b64encode(QUIET).decode())
                case "response.function_call_arguments.done":
                    assert (event.name, event.arguments) == ("hang_up", "{}")
                    output = {"type": "function_call_output", "call_id": event.call_id, "output": "{}"}
                    await connection.conversation.item.create(item=output)
                case "response.done" if event.response.id == "r1":
                    await connection.input_audio_buffer.append(audio=base64.b64encode(VOICE).decode())
                case "response.done" if event.response.id == "r2":
                    await connection.response.create()
                case "response.done":
                    break
    assert sounds == {"item_r1": model.GREETING, "item_r3": model.GOODBYE}, {k: len(v) for k, v in sounds.items()}
    return {"cut_ms": [["item_r1", 700]], "results": 1}


async def gemini(port):
    client = genai.Client(api_key=SECRET, http_options={"base_url": f"https://localhost:{port}"})
    config = {
        "response_modalities": ["AUDIO"],
        "tools": [{"function_declarations": [{"name": "hang_up", "description": "Ends the call."}]}],
    }
    sounds, asked = [b"", b""], 0
    async with client.aio.live.connect(model="m", config=config) as session:
        await session.send_client_content(turns={"role": "user", "parts": [{"text": "Greet."}]}, turn_complete=True)

        async def messages():
            while True:
                async for message in session.receive():
                    yield message

        interrupted = False
        async for message in messages():
            content = message.server_content
            if message.tool_call:
                asked += 1
                [call] = message.tool_call.function_calls
                await session.send_tool_response(function_responses=[{"id": call.id, "name": call.name, "response": {"ok": True}}])
            elif content and content.interrupted:
                interrupted = True
                await session.send_realtime_input(audio={"data": QUIET, "mime_type": "audio/pcm;rate=24000"})
            elif message.data and (asked or not interrupted):
                sounds[asked] += message.data
                if len(sounds[0]) == len(model.GREETING) and not asked:
                    await session.send_realtime_input(audio={"data": VOICE, "mime_type": "audio/pcm;rate=24000"})
            elif content and content.turn_complete and asked:
                break
    assert sounds == [model.GREETING, model.GOODBYE], [len(sound) for sound in sounds]
    return {"cut_ms": [], "results": 1}


async def main(cert, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    for dialect, client in [("openai", openai), ("gemini", gemini)]:
        port = asyncio.get_running_loop().create_future()
        serving = asyncio.create_task(model.one(dialect, context, SECRET, port.set_result))
        wanted = await asyncio.wait_for(client(await port), 60)
        seen = await asyncio.wait_for(serving, 60)
        assert seen["cut_ms"] == wanted["cut_ms"] and len(seen["results"]) == wanted["results"], seen
        print(f"{dialect} accepts it: {seen}", flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
