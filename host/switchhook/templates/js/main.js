//! Answers, says a tone, and says each key that the caller presses back.

import { audio, log } from "switchhook-guest";

export default async function handle(call) {
  await call.answer();
  const keys = call.keys();
  await call.say(audio.tone(440, 0.3, call.sampleRateHz, 500));
  // A caller who hangs up ends this loop.
  for await (const key of keys) {
    log.info(`the caller pressed ${key}`);
    await call.say(audio.keyTone(key, 0.2, call.sampleRateHz, 200));
  }
}
