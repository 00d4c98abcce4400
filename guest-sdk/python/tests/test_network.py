import json
import unittest

from switchhook_guest import Failure, LinkLost, NotGranted, Socket, http, store
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


if __name__ == "__main__":
    unittest.main()
