//! A menu by keys: a person, who may not pick up, or the opening hours.
//!
//! Keys are heard in band. The operator may set `ring_time_s`, `key_time_ms` and `misses`.

import { CALL_UNANSWERED, Failure, Prompt, audio, config, log, race, sleep } from "switchhook-guest";
import goodbye from "../../prompts/goodbye.wav";
import hours from "../../prompts/menu-hours.wav";
import invalid from "../../prompts/menu-invalid.wav";
import unanswered from "../../prompts/menu-unanswered.wav";
import welcome from "../../prompts/menu-welcome.wav";

const [WELCOME, HOURS, INVALID, UNANSWERED, GOODBYE] = [welcome, hours, invalid, unanswered, goodbye].map(
  (file) => new Prompt(file),
);

export default async function menu(call) {
  const patienceMs = config.number("key_time_ms", 4_000);
  const missesMax = config.number("misses", 3);
  await call.answer();
  const keys = call.keys();
  for (let misses = 0; misses < missesMax; ) {
    const key = await call.ask(WELCOME, { keys, patienceMs });
    switch (key) {
      case "1":
        return reachAPerson(call);
      case "2":
        misses = 0;
        await call.say(HOURS);
        break;
      case null:
        misses += 1;
        break;
      default:
        misses += 1;
        log.info(`there is nothing behind the key ${key}`);
        await call.say(INVALID);
    }
  }
  await call.say(GOODBYE);
  await call.close();
}

async function reachAPerson(call) {
  try {
    await race({
      connected: () => call.connect(config.number("ring_time_s", 20)),
      ringing: (signal) => ring(call, signal),
    });
  } catch (error) {
    if (!Failure.is(error, CALL_UNANSWERED)) throw error;
    await call.say(UNANSWERED);
  }
  // Connected, the parties stay together; this handler is needed no longer.
  await call.close();
}

/** What is heard while it rings elsewhere: until it is told to give up, which silences it. */
async function ring(call, signal) {
  const tone = audio.tone(425, 0.1, call.sampleRateHz, 1_000);
  for (;;) {
    await call.say(tone, { signal });
    await sleep(4_000, { signal });
  }
}
