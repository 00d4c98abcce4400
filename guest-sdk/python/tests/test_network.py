import asyncio
import json
import unittest

from switchhook_guest import Failure, Full, Invalid, LinkLost, NotGranted, Unanswered, calls, http, kit, store
from switchhook_guest.socket import Socket
from switchhook_guest.testing import Caller

URL = "wss://model.example.com/v1"


class NetworkTest(unittest.TestCase):
    def test_a_socket_is_awaited(self):
        said = []

        def model(heard):
            return ["ready"] if heard is None else [heard.upper(), b"\1\2"]

        async def handler(call):
            async with await Socket.open(URL, {"x-mode": "voice"}) as socket:
                said.append(await socket.read())
                await socket.send("hello")
                said.extend([await socket.read(), await socket.read()])
            with self.assertRaises(LinkLost):
                await socket.send("late")
            self.assertEqual(socket.closed, (1_000, ""))

        report = Caller().meets(URL, model).run(handler)
        self.assertEqual((report.failure, said, report.sent), (None, ["ready", "HELLO", b"\1\2"], ["hello"]))

    def test_a_socket_ends_with_its_call(self):
        async def handler(call):
            await call.answer()
            async for _ in await Socket.open(URL):
                pass

        report = Caller(gives_up_ms=500).meets(URL, lambda _: []).run(handler)
        self.assertEqual((report.failure, report.end, report.timers_left), (None, "terminated", 0))

    def test_a_request_is_awaited(self):
        async def handler(call):
            answer = await http.post("https://crm.example.com/", json={"name": "Ada"})
            self.assertEqual((answer.status, answer.ok, answer.headers), (201, True, {"x-why": "new"}))
            self.assertEqual(await answer.json(), {"id": 7})

        caller = Caller().answers_request("https://crm.example.com/", b'{"id": 7}', 201, {"X-Why": "new"})
        report = caller.run(handler)
        self.assertIsNone(report.failure)
        [(method, url, body)] = report.asked
        self.assertEqual((method, url, json.loads(body)), ("POST", "https://crm.example.com/", {"name": "Ada"}))

    def test_a_memory_is_bytes_and_changes_only_as_expected(self):
        async def handler(call):
            self.assertIsNone(store.get("k"))
            store.put("k", "v", ttl_s=60)
            self.assertEqual((store.get("k"), store.text("k")), (b"v", "v"))
            self.assertFalse(store.compare_and_set("k", None, "w"))
            self.assertTrue(store.compare_and_set("k", "v", "w"))
            store.delete("k")
            self.assertIsNone(store.text("k"))

        self.assertIsNone(Caller().grants_key_value().run(handler).failure)

    def test_nothing_is_granted_unless_it_is_named(self):
        async def handler(call):
            for ask in (Socket.open(URL), http.get("https://crm.example.com/")):
                with self.assertRaises(NotGranted):
                    await ask
            with self.assertRaises(Failure):
                store.get("k")

        self.assertIsNone(Caller().run(handler).failure)

    def test_a_socket_that_is_not_read_is_over_with_what_came_before(self):
        read = []

        async def handler(call):
            socket = await Socket.open(URL)
            await socket.send("more")
            await asyncio.sleep(0.2)
            self.assertEqual(socket.closed[0], 1_008)
            self.assertTrue(socket.closed[1].startswith("FULL: more than 1048576 bytes"), socket.closed)
            read.extend([len(message) async for message in socket])
            with self.assertRaises(LinkLost):
                await socket.send("late")

        report = Caller().meets(URL, lambda heard: [] if heard is None else ["x" * 250_000] * 5).run(handler)
        self.assertEqual((report.failure, read), (None, [250_000] * 4))

    def test_an_answer_that_is_not_read_fails(self):
        async def handler(call):
            answer = await http.get("https://crm.example.com/")
            await asyncio.sleep(0.1)
            with self.assertRaises(Full):
                await answer.bytes()

        caller = Caller().answers_request("https://crm.example.com/", bytes((4 << 20) + 1))
        self.assertIsNone(caller.run(handler).failure)

    def test_what_is_placed_is_followed_step_by_step(self):
        told = []

        async def handler(call):
            told.extend([(step.name, step.detail) async for step in calls.place("+15550142", "survey")])
            with self.assertRaises(Unanswered):
                await calls.place("+15550143", "survey").answered()
            told.append(await calls.place("+15550144", "survey").answered())
            told.append(await calls.begin_chat("+15550145", "chat").ended())
            with self.assertRaises(Invalid):
                calls.place("no number", "survey")

        caller = Caller().grants_calls().placed_talks(2_000, 3_000).placed_fails("CALL_UNANSWERED", 500)
        report = caller.run(handler)
        self.assertIsNone(report.failure)
        steps = [("claimed", "session-1"), ("answered", "call-1"), ("ended", "terminated")]
        self.assertEqual(told, [*steps, "call-3", "closed"])
        self.assertEqual([order.chat for order in report.placed], [False, False, False, True])

    def test_steps_end_with_the_handlers_own_call(self):
        async def handler(call):
            await call.answer()
            async for _ in calls.place("+15550142", "survey"):
                pass

        report = Caller(gives_up_ms=1_500).grants_calls().run(handler)
        self.assertEqual((report.failure, report.end), (None, "terminated"))

    def test_the_audio_kit_computes_and_refuses(self):
        async def handler(call):
            tone = kit.tones([440], 0.25, 16_000, 1_000)
            self.assertEqual(len(tone), 16_000)
            self.assertAlmostEqual(kit.level_dbfs(tone), -15, delta=0.2)
            with kit.Resampler(16_000, 24_000) as up:
                self.assertEqual(len(up.push(tone) + up.finish()), 24_000)
            with self.assertRaises(Invalid):
                up.push(tone)
            self.assertEqual(kit.KeyDetector(16_000).hear(kit.key_tones("42#", 0.25, 16_000, 80)), "42#")
            voice = kit.VoiceDetector(16_000)
            self.assertTrue(voice.hear(tone) and voice.spoken_ms > 900 and voice.quiet_ms == 0)
            for law in kit.Law:
                back = kit.from_g711(law, kit.to_g711(law, tone))
                self.assertTrue(all(abs(one - other) < 260 for one, other in zip(back, tone, strict=True)), law)
            self.assertEqual(kit.read_wav(kit.write_wav(tone, 16_000)), (16_000, tone))
            for wrong in (lambda: kit.level_dbfs(bytes(3)), lambda: kit.key_tones("E", 0.2, 8_000, 80)):
                with self.assertRaises(Invalid):
                    wrong()
            for _ in range(6):
                kit.VoiceDetector(8_000)
            with self.assertRaises(Full):
                kit.VoiceDetector(8_000)

        self.assertIsNone(Caller().run(handler).failure)


if __name__ == "__main__":
    unittest.main()
