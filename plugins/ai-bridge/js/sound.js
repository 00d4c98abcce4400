//! The sounds of the two sides: a rate is changed once, or not at all.

import { audio } from "switchhook-guest";

/**
 * How a model hears or speaks: PCM, or mu-law of G.711.
 * @typedef {{ rateHz: number, mulaw?: boolean }} Sound
 */

/** A sign, a segment of three bits and a step of four, inverted. */
function toMulaw(sample) {
  const level = Math.min(Math.abs(sample) + 0x84, 0x7fff);
  const segment = 24 - Math.clz32(level);
  return ~((sample < 0 ? 0x80 : 0) | (segment << 4) | ((level >> (segment + 3)) & 0x0f)) & 0xff;
}

function fromMulaw(byte) {
  const code = ~byte & 0xff;
  const level = (((code & 0x0f) << 3) + 0x84) << ((code >> 4) & 7);
  return code & 0x80 ? 0x84 - level : level - 0x84;
}

// Made while the component is built.
const DECODE = Int16Array.from({ length: 256 }, (_, byte) => fromMulaw(byte));

/** From the call to the model: bytes to bytes. */
export class Inward {
  #resampler;
  #same;
  #mulaw;

  /** @param {number} callHz @param {Sound} sound */
  constructor(callHz, { rateHz, mulaw }) {
    this.#resampler = new audio.Resampler(callHz, rateHz);
    this.#same = callHz === rateHz;
    this.#mulaw = mulaw;
  }

  take(pcm) {
    if (this.#same && !this.#mulaw) return pcm;
    const samples = this.#resampler.push(audio.samples(pcm));
    return this.#mulaw ? Uint8Array.from(samples, toMulaw) : audio.bytes(samples);
  }
}

/** From the model to the call: bytes to samples. */
export class Outward {
  #resampler;
  #mulaw;

  /** @param {Sound} sound @param {number} callHz */
  constructor({ rateHz, mulaw }, callHz) {
    this.#resampler = new audio.Resampler(rateHz, callHz);
    this.#mulaw = mulaw;
  }

  take(data) {
    const samples = this.#mulaw ? Int16Array.from(data, (byte) => DECODE[byte]) : audio.samples(data);
    return this.#resampler.push(samples);
  }

  /** The answer is whole, or over: what is still inside. */
  finish() {
    return this.#resampler.finish();
  }
}
