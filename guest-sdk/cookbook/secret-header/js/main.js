//! Tells another service who called. Its key is put in by the host: it is not in here, and never will be.

import { Failure, audio, http, log, timeout } from "switchhook-guest";

export default async function handle(call) {
  await call.answer();
  const taken = await tell({ caller: call.info.caller, wants: "to be called back" });
  await call.say(audio.tone(taken ? 880 : 440, 0.3, call.sampleRateHz, 500));
  await call.close();
}

async function tell(note) {
  // `authorization` is the host's: a handler that sets it here is refused with `INVALID`.
  const headers = { "content-type": "application/json" };
  const request = { method: "POST", headers, body: JSON.stringify(note) };
  try {
    const answer = await timeout(3_000, (signal) => http.request("https://notes.example.com/v1/notes", { ...request, signal }));
    return answer.status === 201;
  } catch (error) {
    if (!(error instanceof Failure) && error.name !== "TimeoutError") throw error;
    log.warn(`nobody took the note: ${error.message}`);
    return false;
  }
}
