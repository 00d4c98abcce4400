import unittest
from types import SimpleNamespace

from playback import Playback


class PlaybackTest(unittest.TestCase):
    def setUp(self):
        self.ledger = SimpleNamespace(sent=0, heard=0)
        self.playback = Playback(lambda: self.ledger)

    def says(self, samples):
        self.playback.begins()
        self.playback.came(samples)

    def at(self, sent, heard):
        self.ledger.sent, self.ledger.heard = sent, heard

    def test_an_answer_is_heard_from_its_own_beginning(self):
        self.says(2_000)
        self.at(900, 700)
        self.assertEqual(self.playback.cleared(), 700)
        self.says(500)
        self.at(1_200, 850)
        self.assertEqual(self.playback.cleared(), 150)
        self.assertFalse(self.playback.sounds())

    def test_what_a_broken_voice_had_not_played_is_a_gap(self):
        for sent, heard, reached in ((900, 700, 700), (1_400, 1_000, 1_200)):
            self.setUp()
            self.says(2_000)
            self.at(900, 700)
            self.playback.broke()
            self.at(sent, heard)
            self.assertEqual(self.playback.cleared(), reached)

    def test_it_may_break_again_and_the_next_answer_begins_behind_all_that(self):
        self.says(2_000)
        for sent, heard in ((900, 700), (1_200, 800), (1_200, 800)):
            self.at(sent, heard)
            self.playback.broke()
        self.playback.is_whole()
        self.at(2_000, 1_599)
        self.assertTrue(self.playback.sounds())
        self.at(2_000, 1_600)
        self.assertFalse(self.playback.sounds())
        self.says(500)
        self.at(2_300, 1_700)
        self.assertEqual(self.playback.cleared(), 100)

    def test_what_is_lost_of_the_answer_before_is_no_gap(self):
        for sent, heard, reached in ((600, 300, 0), (900, 350, 150)):
            self.setUp()
            self.says(500)
            self.playback.is_whole()
            self.says(1_000)
            self.at(600, 300)
            self.playback.broke()
            self.at(sent, heard)
            self.assertEqual(self.playback.cleared(), reached)


if __name__ == "__main__":
    unittest.main()
