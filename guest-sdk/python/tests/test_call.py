import asyncio
import unittest

from switchhook_guest import Call, CallEnded, Full, NotNow, audio, race, recording
from switchhook_guest.testing import Caller

TONE = audio.tone(440, 0.3, 16_000, 600)


class CallTest(unittest.TestCase):
    def test_an_echo_in_five_lines(self):
        async def handle(call: Call):
            await call.answer()
            async for frame in call.audio():
                if frame.channel == 0:
                    call.play(frame.pcm)

        report = Caller().says(TONE).waits_ms(100).hangs_up().run(handle)
        self.assertEqual((report.failure, report.end, report.commands), (None, "terminated", ["answer"]))
        self.assertEqual(len(report.heard_at_ms(TONE)), 1)

    def test_a_refusal_is_an_exception_and_a_bug_is_the_tests(self):
        async def early(call: Call):
            with self.assertRaises(NotNow) as raised:
                call.play(TONE)
            self.assertEqual(raised.exception.code, "NOT_NOW")
            call.play(TONE)

        async def buggy(_: Call):
            raise ZeroDivisionError

        self.assertEqual(Caller().run(early).failure, "NOT_NOW")
        with self.assertRaises(ZeroDivisionError):
            Caller().run(buggy)

    def test_a_prompt_yields_to_a_key_and_no_key_is_none(self):
        pressed = []

        async def handle(call: Call):
            await call.answer()
            with call.keys() as keys:
                pressed.append(await call.ask(TONE, keys, 1.0))
                pressed.append(await call.ask(TONE, keys, 0.5))

        report = Caller().waits_ms(200).presses("7").run(handle)
        self.assertEqual(pressed, ["7", None])
        self.assertEqual(len(report.heard_at_ms(TONE)), 1, "the second")
        self.assertEqual(report.timers_left, 0)

    def test_utterances_take_turns_and_clearing_takes_back_the_one_that_speaks(self):
        said = []

        async def handle(call: Call):
            await call.answer()
            two = asyncio.gather(call.say(TONE), call.say(TONE))
            await asyncio.sleep(0.1)
            call.clear()
            said.extend(await two)

        report = Caller().run(handle)
        self.assertEqual(said, [False, True])
        self.assertEqual(report.heard_at_ms(TONE), [100])

    def test_what_is_longer_than_the_playout_goes_in_as_it_leaves(self):
        long = audio.tone(300, 0.3, 16_000, 5_000)

        async def handle(call: Call):
            await call.answer()
            self.assertTrue(await call.say(long))

        self.assertEqual(Caller(playout_bytes_max=6_400).run(handle).heard_at_ms(long), [0])

    def test_the_end_of_the_call_ends_what_waits(self):
        seen = []

        async def notice(name, waits):
            try:
                await waits
                seen.append(name)
            except CallEnded:
                seen.append(f"{name} raised")

        async def handle(call: Call):
            await call.answer()
            async with asyncio.TaskGroup() as group:
                group.create_task(notice("key", call.keys().read()))
                group.create_task(notice("say", call.say(audio.tone(440, 0.3, 16_000, 9_000))))
                group.create_task(notice("speech", call.speech()))
                group.create_task(notice("sleep", asyncio.sleep(60)))
                async for _ in call.events():
                    pass
            seen.append(await call.ended())
            await call.connect(5)

        report = Caller().waits_ms(300).hangs_up().run(handle)
        self.assertEqual(sorted(seen), ["key raised", "say raised", "sleep", "speech raised", "terminated"])
        self.assertIsNone(report.failure, "a handler that gave up because the call is over has ended well")

    def test_a_handler_that_waits_for_what_never_comes_ends_with_its_call(self):
        cleaned = []

        async def handle(call: Call):
            await call.answer()
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                cleaned.append(True)

        report = Caller().hangs_up().run(handle)
        self.assertEqual((report.failure, report.end, cleaned), (None, "terminated", [True]))

    def test_a_race_cancels_the_losers_and_timeouts_are_asyncios(self):
        async def handle(call: Call):
            await call.answer()
            self.assertEqual(await race(slow=asyncio.sleep(9), quick=asyncio.sleep(0.05, 7)), ("quick", 7))
            with self.assertRaises(TimeoutError):
                async with asyncio.timeout(0.02):
                    await call.speech()

        self.assertEqual(Caller().run(handle).timers_left, 0)

    def test_streams_and_their_queues_are_bounded(self):
        async def handle(call: Call):
            await call.answer()
            late = call.audio()
            await asyncio.sleep(3)
            first = await late.read()
            self.assertTrue(late.dropped > 40 and first.lost_samples > 12_000, f"{late.dropped} {first.lost_samples}")
            others = [call.audio() for _ in range(15)]
            with self.assertRaises(Full):
                call.audio()
            late.close()
            others.append(call.audio())

        Caller().waits_ms(5_000).hangs_up().run(handle)

    def test_recordings_need_their_grant(self):
        async def handle(call: Call):
            await call.answer()
            with recording.record():
                await asyncio.sleep(0.4)

        self.assertEqual(Caller().run(handle).failure, "NOT_GRANTED")
        self.assertEqual([*Caller(recording_granted=True).run(handle).recordings.values()], [400])


if __name__ == "__main__":
    unittest.main()
