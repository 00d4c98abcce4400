import assert from "node:assert/strict";
import test from "node:test";
import { audio } from "switchhook-guest";

const RATES_HZ = [8_000, 16_000, 24_000];
const dbfs = audio.levelDbfs;

test("a tone has its pitch, its level and soft ends", () => {
  const tone = audio.tone(500, 0.5, 8_000, 1_000);
  assert.equal(tone.length, 8_000);
  assert.ok(Math.abs(dbfs(tone) + 9) < 0.2, `${dbfs(tone)}`);
  assert.deepEqual([tone[0], tone[7_999]], [0, 0]);
});

test("the telephone band comes through a change of rate", () => {
  for (const [from, to] of [[8_000, 16_000], [8_000, 24_000], [16_000, 24_000], [24_000, 16_000], [44_100, 16_000]]) {
    for (const hz of [300, 1_000, 2_500]) {
      const made = audio.tone(hz, 0.5, to, 500);
      const resampled = audio.resample(audio.tone(hz, 0.5, from, 500), from, to);
      assert.equal(resampled.length, made.length);
      const error = dbfs(made) - dbfs(made.map((sample, at) => sample - resampled[at]));
      assert.ok(error > 30, `${hz} Hz from ${from} to ${to}: only ${error} dB`);
    }
  }
  assert.ok(dbfs(audio.resample(audio.tone(6_000, 0.5, 24_000, 500), 24_000, 8_000)) < -50);
});

test("each key is heard once, whatever the frames, as short as 45 ms", () => {
  for (const rateHz of RATES_HZ) {
    for (const frame of [160, 222, 640, 641]) {
      const detector = new audio.Detector(rateHz);
      const heard = [];
      const line = [];
      for (const key of "1234567890*#ABCD") {
        line.push(...audio.keyTone(key, 0.2, rateHz, 45), ...new Int16Array(rateHz / 10));
      }
      const pcm = audio.bytes(Int16Array.from(line));
      const step = frame - (frame % 2);
      for (let at = 0; at < pcm.length; at += step) heard.push(...detector.hear(pcm.slice(at, at + step)));
      assert.equal(heard.join(""), "1234567890*#ABCD", `${rateHz} ${frame}`);
    }
  }
});

test("noise, one tone and a key off pitch are no keys", () => {
  let seed = 7;
  const noise = Int16Array.from({ length: 32_000 }, () => ((seed = (seed * 48_271) % 2_147_483_647) % 20_000) - 10_000);
  const off = Int16Array.from(audio.tone(697 * 1.04, 0.2, 16_000, 500), (s, at) => s + audio.tone(1_209, 0.2, 16_000, 500)[at]);
  for (const sound of [noise, audio.tone(697, 0.4, 16_000, 500), off]) {
    assert.deepEqual(new audio.Detector(16_000).hear(audio.bytes(sound)), []);
  }
});

test("speech is known within 50 ms, and its end is counted in audio", () => {
  for (const rateHz of RATES_HZ) {
    const voice = new audio.Voice(rateHz);
    assert.ok(!voice.hear(audio.bytes(new Int16Array(rateHz))));
    assert.ok(voice.hear(audio.bytes(audio.tone(400, 0.2, rateHz, 50))));
    voice.hear(audio.bytes(new Int16Array(rateHz)));
    assert.ok(voice.quietMs >= 900 && voice.quietMs <= 1_000, `${voice.quietMs}`);
  }
});

test("what is no WAV file is refused with its reason", () => {
  assert.throws(() => audio.readWav(new Uint8Array(100)), { code: "INVALID" });
  const head = [...new TextEncoder().encode("RIFF    WAVEfmt "), 16, 0, 0, 0, 7, 0, 1, 0, 64, 31, 0, 0, 0, 0, 0, 0, 1, 0, 8, 0];
  assert.throws(() => audio.readWav(Uint8Array.from(head)), /format 7, 1 channels, 8 bits/);
});

test("a stream is resampled as a whole is", () => {
  for (const [fromHz, toHz] of [[8_000, 24_000], [16_000, 24_000], [24_000, 16_000], [24_000, 8_000], [16_000, 16_000]]) {
    const whole = audio.tone(700, 0.5, fromHz, 333);
    const wanted = [...audio.resample(whole, fromHz, toHz)];
    const resampler = new audio.Resampler(fromHz, toHz);
    for (const piece of [7, 320, 5_000]) {
      const made = [];
      for (let at = 0; at < whole.length; at += piece) made.push(...resampler.push(whole.subarray(at, at + piece)));
      made.push(...resampler.finish());
      assert.deepEqual(made, wanted, `${fromHz} to ${toHz} by ${piece}`);
    }
  }
});
