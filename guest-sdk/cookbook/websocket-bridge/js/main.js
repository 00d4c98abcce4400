//! Gives the call's audio to a service behind a WebSocket, and says what comes back. Needs the grant of the host.

import { Socket, log, race } from "switchhook-guest";

export default async function handle(call) {
  const headers = { "x-sample-rate-hz": String(call.sampleRateHz) };
  const socket = await Socket.open("wss://voice.example.com/v1/talk", { headers });
  try {
    await call.answer();
    await race({ hears: () => hear(call, socket), says: () => say(call, socket) });
    // The service is gone: its last words are heard, and the call is over.
    await call.heard();
    await call.close();
  } finally {
    socket.close(1000, "the call is over");
  }
}

async function hear(call, socket) {
  for await (const { channel, pcm } of call.audio()) {
    // A service that is behind misses this frame, and hears the next in time.
    if (channel === 0) socket.trySend(pcm);
  }
}

async function say(call, socket) {
  for await (const message of socket) {
    if (message instanceof Uint8Array) call.play(message);
    // The service was interrupted: what is queued is not said any more.
    else if (message === "clear") call.clear();
    else log.info(`it says ${message}`);
  }
}
