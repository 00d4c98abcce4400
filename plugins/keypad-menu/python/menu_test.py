"""The menu, in a simulated call."""

import unittest

import main
from switchhook_guest.testing import Caller


class MenuTest(unittest.TestCase):
    def test_one_connects_and_leaves_the_parties_alone(self):
        for rate_hz in (8_000, 16_000, 24_000):
            report = Caller(rate_hz).hears_out().presses("1").run(main.handle)
            self.assertEqual((report.failure, report.end), (None, "closed"))
            self.assertEqual(report.commands, ["answer", "connect 20", "close"])
            self.assertEqual(report.heard_at_ms(main.WELCOME.at(rate_hz)), [0])

    def test_nobody_there_is_said(self):
        caller = Caller(config={"ring_time_s": "7"}).nobody_answers()
        report = caller.hears_out().presses("1").run(main.handle)
        self.assertEqual(report.commands, ["answer", "connect 7", "close"])
        self.assertEqual(len(report.heard_at_ms(main.UNANSWERED.at(16_000))), 1)

    def test_two_tells_the_hours_and_asks_again(self):
        report = Caller().presses("2").hears_out().hears_out().presses("1").run(main.handle)
        self.assertEqual(report.commands, ["answer", "connect 20", "close"])
        hours, welcome = (report.heard_at_ms(words.at(16_000)) for words in (main.HOURS, main.WELCOME))
        self.assertGreater(welcome[-1], hours[0])

    def test_another_failure_is_the_operators_business(self):
        report = Caller().presses("1").answers("connect", 500, "BUSY").run(main.handle)
        self.assertEqual(report.failure, "BUSY")

    def test_a_hang_up_at_any_moment_ends_it_well(self):
        for ms in range(0, 20_000, 1_555):
            caller = Caller(8_000, gives_up_ms=ms).presses("5").waits_ms(4_000).presses("2").waits_ms(4_000)
            report = caller.presses("1").nobody_answers().run(main.handle)
            self.assertEqual((report.failure, report.timers_left), (None, 0), f"{ms}")


if __name__ == "__main__":
    unittest.main()
