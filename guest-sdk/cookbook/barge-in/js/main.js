//! Falls silent as soon as the caller speaks, and knows what they can have heard by then.

import { Prompt, log, race } from "switchhook-guest";
import question from "../../../../plugins/prompts/menu-welcome.wav";

const QUESTION = new Prompt(question);

export default async function handle(call) {
  await call.answer();
  const { name } = await race({
    said: (signal) => call.say(QUESTION, { signal }),
    speech: (signal) => call.speech({ signal }),
  });
  // The one that lost was aborted, and an utterance that is aborted falls silent.
  if (name === "speech") log.info(`interrupted after ${Math.round((Number(call.position.heard) * 1_000) / call.sampleRateHz)} ms`);
  log.info(`the call ended: ${await call.ended}`);
}
