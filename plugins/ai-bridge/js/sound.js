//! The sounds of the two sides: a rate is changed once, or not at all.

import { audio, kit } from "switchhook-guest";

/**
 * How a model hears or speaks: PCM, or mu-law of G.711.
 * @typedef {{ rateHz: number, mulaw?: boolean }} Sound
 */

/** From the call to the model: bytes to bytes. */
export class Inward {
  #resampler;
  #mulaw;

  /** @param {number} callHz @param {Sound} sound */
  constructor(callHz, { rateHz, mulaw }) {
    this.#resampler = callHz !== rateHz && new kit.Resampler(callHz, rateHz);
    this.#mulaw = mulaw;
  }

  take(pcm) {
    const same = this.#resampler ? audio.bytes(this.#resampler.push(pcm)) : pcm;
    return this.#mulaw ? kit.toG711("mu", same) : same;
  }
}

/** From the model to the call: bytes to samples. */
export class Outward {
  #resampler;
  #mulaw;

  /** @param {Sound} sound @param {number} callHz */
  constructor({ rateHz, mulaw }, callHz) {
    this.#resampler = callHz !== rateHz && new kit.Resampler(rateHz, callHz);
    this.#mulaw = mulaw;
  }

  take(data) {
    const samples = this.#mulaw ? kit.fromG711("mu", data) : audio.samples(data);
    return this.#resampler ? this.#resampler.push(samples) : samples;
  }

  /** The answer is whole, or over: what is still inside. */
  finish() {
    return this.#resampler ? this.#resampler.finish() : new Int16Array(0);
  }
}
