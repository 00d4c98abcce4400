//! The host's audio kit, as a simulated call's handler meets it: computed by the audio kit of this package, so that samples are
//! nearly, and not exactly, those of the host.

import { Detector, keyTone } from "../audio/dtmf.js";
import { Voice, levelDbfs } from "../audio/level.js";
import { bytes, samples } from "../audio/pcm.js";
import { Resampler } from "../audio/resample.js";
import { tones } from "../audio/tone.js";
import { readWav } from "../audio/wav.js";
import { refuse } from "./peers.js";

const TOOLS_MAX = 8;
const BYTES_MAX = 192_000;
const KEYS = "0123456789*#ABCD";
const FULL_SCALE = 32_767;

/** The functions of the contract, for one call. */
export function kit() {
  /** @type {Map<number, any>} */
  const tools = new Map();
  let ids = 0;

  /** @param {any} tool @param {...number} ratesHz */
  function open(tool, ...ratesHz) {
    if (ratesHz.some((rateHz) => !(rateHz >= 4_000 && rateHz <= 48_000))) throw refuse("INVALID", "not 4 to 48 kHz");
    if (tools.size >= TOOLS_MAX) throw refuse("FULL", `${TOOLS_MAX} tools are open`);
    tools.set((ids += 1), tool());
    return ids;
  }

  /** @param {number} id @param {Function} kind @returns {any} */
  function tool(id, kind) {
    const found = tools.get(id);
    if (!(found instanceof kind)) throw refuse("INVALID", `no such tool is open: ${id}`);
    return found;
  }

  return {
    openResampler: (/** @type {number} */ fromHz, /** @type {number} */ toHz) =>
      open(() => new Resampler(fromHz, toHz), fromHz, toHz),
    resample: (/** @type {number} */ id, /** @type {Uint8Array} */ pcm) =>
      given(tool(id, Resampler).push(samples(taken(pcm)))),
    finishResampling: (/** @type {number} */ id) => given(tool(id, Resampler).finish()),
    openKeyDetector: (/** @type {number} */ rateHz) => open(() => new Detector(rateHz), rateHz),
    hearKeys: (/** @type {number} */ id, /** @type {Uint8Array} */ pcm) => tool(id, Detector).hear(taken(pcm)).join(""),
    openVoiceDetector: (/** @type {number} */ rateHz) => open(() => new Voice(rateHz), rateHz),
    hearVoice: (/** @type {number} */ id, /** @type {Uint8Array} */ pcm) => {
      const voice = tool(id, Voice);
      const speaks = voice.hear(taken(pcm));
      return { speaks, spokenMs: voice.spokenMs, quietMs: voice.quietMs };
    },
    close: (/** @type {number} */ id) => void tools.delete(id),
    levelDbfs: (/** @type {Uint8Array} */ pcm) => levelDbfs(samples(taken(pcm))),
    tones: (/** @type {number[]} */ freqsHz, /** @type {number} */ peak, /** @type {number} */ ms, /** @type {number} */ rateHz) => {
      if (freqsHz.length > 8) throw refuse("INVALID", "more than eight tones");
      return given(tones(freqsHz, peak / FULL_SCALE, rateHz, ms));
    },
    keyTones: (/** @type {string} */ keys, /** @type {number} */ peak, /** @type {number} */ ms, /** @type {number} */ rateHz) => {
      const made = [...keys.toUpperCase()].flatMap((key) => {
        if (!KEYS.includes(key)) throw refuse("INVALID", `${key} is no key`);
        const said = keyTone(key, peak / FULL_SCALE, rateHz, ms);
        return [...said, ...new Int16Array(said.length)];
      });
      return given(Int16Array.from(made));
    },
    toG711: (/** @type {string} */ law, /** @type {Uint8Array} */ pcm) =>
      Uint8Array.from(samples(taken(pcm)), law === "mu" ? toMu : toA),
    fromG711: (/** @type {string} */ law, /** @type {Uint8Array} */ coded) =>
      given(Int16Array.from(coded, law === "mu" ? fromMu : fromA)),
    readWav: (/** @type {Uint8Array} */ file) => {
      const { sampleRateHz, samples } = readWav(file);
      return { sampleRateHz, pcm: given(samples) };
    },
    writeWav: (/** @type {{ sampleRateHz: number, pcm: Uint8Array }} */ { sampleRateHz, pcm }) => wav(sampleRateHz, taken(pcm)),
  };
}

/** @param {Uint8Array} pcm */
function taken(pcm) {
  if (pcm.length % 2) throw refuse("INVALID", "the audio ends in half a sample");
  if (pcm.length > BYTES_MAX) throw refuse("INVALID", `more than ${BYTES_MAX} bytes`);
  return pcm;
}

/** @param {Int16Array} made */
function given(made) {
  if (made.length * 2 > BYTES_MAX) throw refuse("INVALID", `more than ${BYTES_MAX} bytes`);
  return bytes(made);
}

/** A sign, a segment of three bits and a step of four, inverted. @param {number} sample */
function toMu(sample) {
  const level = Math.min((sample < 0 ? ~sample : sample) + 0x84, 0x7fff);
  const segment = 24 - Math.clz32(level);
  return ~((sample < 0 ? 0x80 : 0) | (segment << 4) | ((level >> (segment + 3)) & 0x0f)) & 0xff;
}

/** @param {number} byte */
function fromMu(byte) {
  const code = ~byte & 0xff;
  const level = (((code & 0x0f) << 3) + 0x84) << ((code >> 4) & 7);
  return code & 0x80 ? 0x84 - level : level - 0x84;
}

/** The same, with every other bit inverted. @param {number} sample */
function toA(sample) {
  const level = (sample < 0 ? ~sample : sample) >> 3;
  const segment = 27 - Math.clz32(level | 31);
  const code = (segment << 4) | ((level >> Math.max(1, segment)) & 0x0f);
  return ((sample < 0 ? 0x80 : 0) | code) ^ 0xd5;
}

/** @param {number} byte */
function fromA(byte) {
  const code = byte ^ 0xd5;
  const segment = (code >> 4) & 7;
  const step = ((code & 0x0f) << 4) + 8;
  const level = segment === 0 ? step : (step + 0x100) << (segment - 1);
  return code & 0x80 ? -level : level;
}

/** @param {number} rateHz @param {Uint8Array} pcm */
function wav(rateHz, pcm) {
  const file = new Uint8Array(44 + pcm.length);
  const view = new DataView(file.buffer);
  const text = (/** @type {number} */ at, /** @type {string} */ word) => file.set(new TextEncoder().encode(word), at);
  text(0, "RIFF");
  view.setUint32(4, 36 + pcm.length, true);
  text(8, "WAVEfmt ");
  for (const [at, value] of [[16, 16], [24, rateHz], [28, rateHz * 2]]) view.setUint32(at, value, true);
  for (const [at, value] of [[20, 1], [22, 1], [32, 2], [34, 16]]) view.setUint16(at, value, true);
  text(36, "data");
  view.setUint32(40, pcm.length, true);
  file.set(pcm, 44);
  return file;
}
