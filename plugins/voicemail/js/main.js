//! Voicemail: a greeting that yields to whoever speaks, a message that the host records, and a word about it.
//!
//! Needs the grant `recording`. The operator may set `message_s_max`, `quiet_ms` and `key_time_ms`.

import { ENDED, FULL, Failure, Prompt, audio, config, log, race, recording, sleep } from "switchhook-guest";
import goodbye from "../../prompts/goodbye.wav";
import deleted from "../../prompts/voicemail-deleted.wav";
import greeting from "../../prompts/voicemail-greeting.wav";
import kept from "../../prompts/voicemail-kept.wav";
import options from "../../prompts/voicemail-options.wav";

const [GREETING, OPTIONS, DELETED, KEPT, GOODBYE] = [greeting, options, deleted, kept, goodbye].map(
  (file) => new Prompt(file),
);

/** Less than this is no message: a cough, or the key that ends it. */
const MESSAGE_MS_MIN = 300;
/** How often the options are offered. */
const OFFERS_MAX = 3;

export default async function voicemail(call) {
  await call.answer();
  // Whoever speaks into the greeting is leaving a message: given up, the greeting falls silent, and no tone follows.
  await race({ greeted: (signal) => greet(call, signal), speech: (signal) => call.speech({ signal }) });
  const keys = call.keys();
  const reference = recording.start("heard");
  // From here on the host leaves a valid file, whatever becomes of the call or of this handler.
  const spokenMs = await message(call, keys);
  recording.stop();
  if (spokenMs < MESSAGE_MS_MIN) {
    log.info("no message");
    recording.delete(reference);
    return leave(call, GOODBYE);
  }
  log.info(`message ${reference}`);
  return offer(call, keys, reference);
}

async function greet(call, signal) {
  await call.say(GREETING, { signal });
  await call.say(audio.tone(1_000, 0.3, call.sampleRateHz, 400), { signal });
}

/** Listens until the hash key, a long silence, the end of the call, or the longest message. How long somebody spoke, ms. */
async function message(call, keys) {
  const quietMs = config.number("quiet_ms", 3_000);
  const voice = new audio.Voice(call.sampleRateHz);
  const frames = call.audio();
  try {
    const { name } = await race({
      key: async (signal) => {
        while ((await keys.read({ signal })) !== "#");
      },
      silence: async (signal) => {
        while (voice.quietMs < quietMs) {
          const { channel, pcm } = await frames.read({ signal });
          if (channel === 0) voice.hear(pcm);
        }
      },
      length: (signal) => sleep(config.number("message_s_max", 20) * 1_000, { signal }),
    });
    log.info(`ended by ${name}`);
  } catch (error) {
    // Who hangs up has left a message as well.
    if (!Failure.is(error, ENDED)) throw error;
  } finally {
    frames.close();
  }
  return voice.spokenMs;
}

/** Lets the caller hear or delete the message. */
async function offer(call, keys, reference) {
  const patienceMs = config.number("key_time_ms", 4_000);
  let pressed = null;
  for (let offers = 0; offers < OFFERS_MAX || pressed; ) {
    if (!pressed) {
      offers += 1;
      pressed = await call.ask(OPTIONS, { keys, patienceMs });
    }
    if (pressed === "3") {
      recording.delete(reference);
      log.info(`deleted ${reference}`);
      return leave(call, DELETED);
    }
    pressed = pressed === "1" ? await replay(call, keys, reference) : null;
  }
  return leave(call, KEPT);
}

/** Plays the message. A key silences it, and is given back. */
async function replay(call, keys, reference) {
  try {
    recording.play(reference);
  } catch (error) {
    if (!Failure.is(error, FULL)) throw error;
    log.warn(`the message is longer than what can be played: ${error.message}`);
  }
  const { name, value } = await race({
    heard: (signal) => call.heard({ signal }),
    key: (signal) => keys.read({ signal }),
  });
  if (name === "heard") return null;
  call.clear();
  return value;
}

async function leave(call, words) {
  await call.say(words);
  await call.close();
}
