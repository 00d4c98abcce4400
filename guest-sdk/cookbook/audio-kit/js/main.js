//! Lets the host resample, make tones and listen for keys, at native speed: the engine takes milliseconds for each second of it.

import { kit, log } from "switchhook-guest";

const AMPLITUDE = 0.25;

export default async function handle(call) {
  const rateHz = call.sampleRateHz;
  await call.answer();
  call.play(kit.tones([350, 440], AMPLITUDE, rateHz, 1_000));
  const keys = new kit.KeyDetector(rateHz);
  const narrow = new kit.Resampler(rateHz, 8_000);
  let muLawBytes = 0;
  for await (const { channel, pcm } of call.audio()) {
    if (channel !== 0) continue;
    for (const key of keys.hear(pcm)) {
      log.info(`the caller pressed ${key}`);
      call.play(kit.keyTones(key, AMPLITUDE, rateHz, 100));
    }
    // As a telephone line would have it: 8 kHz, one byte a sample.
    muLawBytes += kit.toG711("mu", narrow.push(pcm)).length;
  }
  log.info(`${Math.floor(muLawBytes / 8)} ms in mu-law`);
}
