//! Echo: answers and says back what it hears.

import { ENDED, FULL, Failure, NOT_NOW } from "switchhook-guest";

export default async function echo(call) {
  await call.answer();
  for await (const frame of call.audio()) {
    // Single legs come on channels of their own beside the call's: to echo them too would double the voice.
    if (frame.channel !== 0) continue;
    try {
      call.play(frame.pcm);
    } catch (error) {
      // `FULL`: the carrier pulls slower than the caller speaks. What does not fit is dropped, and the rest stays in time.
      if (!Failure.is(error, FULL, ENDED, NOT_NOW)) throw error;
    }
  }
}
