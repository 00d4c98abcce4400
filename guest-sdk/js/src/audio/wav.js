//! WAV files that are built into a component: 16-bit PCM, mono.

import { Failure, INVALID } from "../failure.js";
import { samples } from "./pcm.js";

const text = (/** @type {Uint8Array} */ bytes) => String.fromCharCode(...bytes);

/**
 * Reads a file: `readWav(file)` after `import file from "./hello.wav"`. One that is cut is read as far as it goes.
 * Throws `INVALID` for anything but 16-bit PCM, mono.
 * @param {Uint8Array} file
 * @returns {{ sampleRateHz: number, samples: Int16Array }}
 */
export function readWav(file) {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const is = (/** @type {number} */ at, /** @type {string} */ word) => text(file.subarray(at, at + 4)) === word;
  if (file.length < 12 || !is(0, "RIFF") || !is(8, "WAVE")) throw notWav();
  let sampleRateHz = 0;
  for (let at = 12; at + 8 <= file.length; ) {
    const bytes = view.getUint32(at + 4, true);
    const chunk = file.subarray(at + 8, at + 8 + bytes);
    if (is(at, "fmt ")) sampleRateHz = rate(chunk);
    if (is(at, "data")) {
      if (!sampleRateHz) throw notWav();
      return { sampleRateHz, samples: samples(chunk.slice()) };
    }
    // Chunks begin at even places.
    at += 8 + bytes + (bytes % 2);
  }
  throw notWav();
}

/** @param {Uint8Array} chunk */
function rate(chunk) {
  if (chunk.length < 16) throw notWav();
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  const [format, channels, bits] = [0, 2, 14].map((at) => view.getUint16(at, true));
  if (format !== 1 || channels !== 1 || bits !== 16) {
    const found = `this is format ${format}, ${channels} channels, ${bits} bits`;
    throw new Failure(INVALID, `16-bit PCM, mono, is needed; ${found}`);
  }
  return view.getUint32(4, true);
}

const notWav = () => new Failure(INVALID, "this is not a WAV file");
