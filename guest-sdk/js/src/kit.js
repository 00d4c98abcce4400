//! The host's audio kit: the work of `audio` at native speed, and G.711 and WAV files beside it. Needs no grant.
//!
//! PCM is samples as `Int16Array`, or their little-endian bytes as `Uint8Array`, as events carry them; what comes back is samples.
//! It throws `INVALID` for what the contract refuses, such as more than 192,000 bytes at once, and `FULL` for a ninth tool.

import * as host from "#host/audio-kit";
import { bytes, samples } from "./audio/pcm.js";
import { asked } from "./failure.js";

/** @import { Law } from "./contract.js" */
/** @typedef {Int16Array | Uint8Array} Pcm */

/** Samples that are given at once: whatever the rates, what comes of them fits. */
const PIECE_SAMPLES = 4_000;

const raw = (/** @type {Pcm} */ pcm) => (pcm instanceof Int16Array ? bytes(pcm) : pcm);
const peak = (/** @type {number} */ amplitude) => Math.round(amplitude * 32_767);

/** What the host keeps until it is closed: an instance may have eight. */
class Tool {
  /** @type {number} */
  id;

  /** @param {() => number} open */
  constructor(open) {
    this.id = asked(open);
  }

  /** Gives it back. */
  close() {
    host.close(this.id);
  }
}

/**
 * A stream at another rate, piece by piece, as if it had been resampled whole; up to 60 ms later. 4 to 48 kHz.
 * Used as `audio.Resampler`.
 */
export class Resampler extends Tool {
  /** @param {number} fromHz @param {number} toHz */
  constructor(fromHz, toHz) {
    super(() => host.openResampler(fromHz, toHz));
  }

  /** Takes a piece; what is certain by now. @param {Pcm} pcm @returns {Int16Array} */
  push(pcm) {
    const piece = raw(pcm);
    const step = 2 * PIECE_SAMPLES;
    if (piece.length <= step) return samples(asked(() => host.resample(this.id, piece)));
    const parts = [];
    for (let at = 0; at < piece.length; at += step) parts.push(this.push(piece.subarray(at, at + step)));
    return joined(parts);
  }

  /** The rest. It begins anew. @returns {Int16Array} */
  finish() {
    return samples(asked(() => host.finishResampling(this.id)));
  }
}

/** Hears keys in band (DTMF), at 4 to 48 kHz. Used as `audio.Detector`. */
export class KeyDetector extends Tool {
  /** @param {number} sampleRateHz */
  constructor(sampleRateHz) {
    super(() => host.openKeyDetector(sampleRateHz));
  }

  /** The keys that are known to be down now: 30 to 50 ms after they were pressed. @param {Pcm} pcm @returns {string[]} */
  hear(pcm) {
    return [...asked(() => host.hearKeys(this.id, raw(pcm)))];
  }
}

/** Tells speech from the noise behind it by its loudness, at 4 to 48 kHz. Used as `audio.Voice`. */
export class VoiceDetector extends Tool {
  /** Whether somebody speaks. */
  speaks = false;
  /** For how long nobody has spoken, ms of audio. */
  quietMs = 0;
  /** For how long somebody has spoken in all, ms of audio. */
  spokenMs = 0;

  /** @param {number} sampleRateHz */
  constructor(sampleRateHz) {
    super(() => host.openVoiceDetector(sampleRateHz));
  }

  /** Hears a piece. Whether somebody speaks at its end. @param {Pcm} pcm */
  hear(pcm) {
    Object.assign(this, asked(() => host.hearVoice(this.id, raw(pcm))));
    return this.speaks;
  }
}

/** How loud audio is, dB below full scale; silence is -96. @param {Pcm} pcm @returns {number} */
export const levelDbfs = (pcm) => asked(() => host.levelDbfs(raw(pcm)));

/**
 * The sum of up to eight sine tones with soft ends. `amplitude` is that of each, a part of full scale.
 * @param {number[]} freqsHz
 * @param {number} amplitude
 * @param {number} sampleRateHz
 * @param {number} ms
 */
export const tones = (freqsHz, amplitude, sampleRateHz, ms) =>
  samples(asked(() => host.tones(freqsHz, peak(amplitude), ms, sampleRateHz)));

/**
 * Keys as their tones, each for so many milliseconds and with as long a pause behind it.
 * @param {string} keys
 * @param {number} amplitude
 * @param {number} sampleRateHz
 * @param {number} ms
 */
export const keyTones = (keys, amplitude, sampleRateHz, ms) =>
  samples(asked(() => host.keyTones(keys, peak(amplitude), ms, sampleRateHz)));

/** G.711, one byte a sample. @param {Law} law @param {Pcm} pcm @returns {Uint8Array} */
export const toG711 = (law, pcm) => asked(() => host.toG711(law, raw(pcm)));

/** One sample a byte. @param {Law} law @param {Uint8Array} coded */
export const fromG711 = (law, coded) => samples(asked(() => host.fromG711(law, coded)));

/** The audio of a WAV file: 8 or 16-bit PCM; of a stereo file the mean of its sides. @param {Uint8Array} file */
export function readWav(file) {
  const { sampleRateHz, pcm } = asked(() => host.readWav(file));
  return { sampleRateHz, samples: samples(pcm) };
}

/** A WAV file of 16-bit PCM, mono. @param {Pcm} pcm @param {number} sampleRateHz @returns {Uint8Array} */
export const writeWav = (pcm, sampleRateHz) => asked(() => host.writeWav({ sampleRateHz, pcm: raw(pcm) }));

/** @param {Int16Array[]} parts */
function joined(parts) {
  const whole = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
