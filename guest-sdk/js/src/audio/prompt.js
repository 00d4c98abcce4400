//! What a handler says: made ready while the component is built.

import { resample } from "./resample.js";
import { readWav } from "./wav.js";

/** The sample rates of calls, Hz. */
const RATES_HZ = [8_000, 16_000, 24_000];

/**
 * A WAV file at every rate that a call may have. Made at the top of a module, it is resampled while the component is built,
 * and costs a call nothing:
 *
 * ```js
 * import file from "./hello.wav";
 * const HELLO = new Prompt(file);
 * ```
 */
export class Prompt {
  #samples;
  #sampleRateHz;
  /** @type {Map<number, Int16Array>} */
  #rates;

  /** @param {Uint8Array} file 16-bit PCM, mono. */
  constructor(file) {
    const { samples, sampleRateHz } = readWav(file);
    this.#samples = samples;
    this.#sampleRateHz = sampleRateHz;
    this.#rates = new Map(RATES_HZ.map((rateHz) => [rateHz, resample(samples, sampleRateHz, rateHz)]));
  }

  /** Its samples at a rate. @param {number} sampleRateHz @returns {Int16Array} */
  at(sampleRateHz) {
    const known = this.#rates.get(sampleRateHz) ?? resample(this.#samples, this.#sampleRateHz, sampleRateHz);
    this.#rates.set(sampleRateHz, known);
    return known;
  }
}
