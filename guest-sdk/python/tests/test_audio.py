import random
import unittest
from array import array

from switchhook_guest import Invalid, audio

RATES_HZ = (8_000, 16_000, 24_000)


class AudioTest(unittest.TestCase):
    def test_the_telephone_band_comes_through_a_change_of_rate(self):
        for source, target in [(8_000, 16_000), (8_000, 24_000), (24_000, 16_000), (44_100, 16_000)]:
            for hz in (300, 1_000, 2_500):
                made = audio.tone(hz, 0.5, target, 200)
                resampled = audio.resample(audio.tone(hz, 0.5, source, 200), source, target)
                self.assertEqual(len(made), len(resampled))
                difference = [a - b for a, b in zip(made, resampled)]
                error = audio.level_dbfs(made) - audio.level_dbfs(difference)
                self.assertGreater(error, 30, f"{hz} Hz from {source} to {target}")

    def test_each_key_is_heard_once_whatever_the_frames(self):
        for rate_hz in RATES_HZ:
            line = array("h")
            for key in "1234567890*#ABCD":
                line.extend(audio.key_tone(key, 0.2, rate_hz, 45))
                line.frombytes(bytes(rate_hz // 5))
            pcm = line.tobytes()
            for frame in (160, 222, 640, 641):
                detector = audio.Detector(rate_hz)
                heard = [key for at in range(0, len(pcm), frame) for key in detector.hear(pcm[at : at + frame])]
                self.assertEqual("".join(heard), "1234567890*#ABCD", f"{rate_hz} {frame}")

    def test_noise_one_tone_and_a_key_off_pitch_are_no_keys(self):
        noise = array("h", (random.Random(7).randrange(-10_000, 10_000) for _ in range(32_000)))
        pair = zip(audio.tone(697 * 1.04, 0.2, 16_000, 500), audio.tone(1_209, 0.2, 16_000, 500))
        for sound in (noise, audio.tone(697, 0.4, 16_000, 500), array("h", (a + b for a, b in pair))):
            self.assertEqual(audio.Detector(16_000).hear(sound.tobytes()), [])

    def test_speech_is_known_within_50_ms(self):
        for rate_hz in RATES_HZ:
            voice = audio.Voice(rate_hz)
            self.assertFalse(voice.hear(bytes(rate_hz * 2)))
            self.assertTrue(voice.hear(audio.tone(400, 0.2, rate_hz, 50).tobytes()))
            voice.hear(bytes(rate_hz * 2))
            self.assertTrue(900 <= voice.quiet_ms <= 1_000, voice.quiet_ms)

    def test_what_is_no_wav_file_is_refused_with_its_reason(self):
        with self.assertRaises(Invalid):
            audio.read_wav(bytes(100))
        head = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + b"\7\0\1\0\x40\x1f\0\0\0\0\0\0\1\0\x08\0"
        with self.assertRaisesRegex(Invalid, "format 7, 1 channels, 8 bits"):
            audio.read_wav(head)

    def test_a_stream_is_resampled_as_a_whole_is(self):
        for source, target in [(8_000, 24_000), (16_000, 24_000), (24_000, 16_000), (24_000, 8_000), (16_000, 16_000)]:
            whole = audio.tone(700, 0.5, source, 333)
            resampler = audio.Resampler(source, target)
            for piece in (7, 320, 5_000):
                made = array("h")
                for at in range(0, len(whole), piece):
                    made.extend(resampler.push(whole[at : at + piece]))
                made.extend(resampler.finish())
                self.assertEqual(made, audio.resample(whole, source, target))


if __name__ == "__main__":
    unittest.main()
