//! The keys that a caller presses, heard in band: each key is the sum of two tones (ITU-T Q.23).
//!
//! The audio is cut into blocks of 10 ms, in which one Goertzel filter a tone runs, and judged in windows of two blocks. A key
//! is a window that holds two tones of the eight and hardly anything else, both at their pitch, which the turn of the phase
//! from block to block tells. It counts when two windows in a row agree, which a key of 40 ms always has, and ends when four
//! in a row are without it. What is nearly silent is not filtered.

import { samples } from "./pcm.js";
import { tones } from "./tone.js";

/** The lower tone of each row of keys, and the higher one of each column, Hz. */
const TONES_HZ = [697, 770, 852, 941, 1_209, 1_336, 1_477, 1_633];
/** All keys, by rows. */
const KEYS = ["123A", "456B", "789C", "*0#D"];

/** Blocks a second. */
const BLOCKS_PER_S = 100;
/** Windows in a row that make a key. */
const WINDOWS_DOWN = 2;
/** Windows in a row without the key that make its end. A gap of 10 ms spoils three. */
const WINDOWS_UP = 4;
/** Part of a window's energy that the two tones must hold. A pair that is 1.5 % off pitch holds 0.87. */
const SHARE_MIN = 0.84;
/** How far off pitch a tone may be, as a part of its pitch: 1.5 % must pass, 3.5 % must not. */
const OFF_PITCH_MAX = 0.025;
/** How much stronger one of the two may be than the other, as a ratio of energies: 8 dB. */
const TWIST_MAX = 6.3;
/** How much stronger each of the two is than the next tone of its group, as a ratio of energies: 6 dB. */
const LEAD_MIN = 4;
/** Mean energy of a sample below which there is no key: -42 dB below full scale. */
const ENERGY_MIN = 32_767 ** 2 * 6.3e-5;
/** A block this much quieter than that has no part in a key. */
const SILENCE_SHARE = 0.02;

/**
 * The sound of a key, or silence for what is none. `amplitude` is that of each of its two tones, a part of full scale.
 * @param {string} key
 * @param {number} amplitude
 * @param {number} sampleRateHz
 * @param {number} ms
 */
export function keyTone(key, amplitude, sampleRateHz, ms) {
  const row = KEYS.findIndex((keys) => keys.includes(key.toUpperCase()));
  const pair = row < 0 ? [] : [TONES_HZ[row], TONES_HZ[4 + KEYS[row].indexOf(key.toUpperCase())]];
  return tones(pair, amplitude, sampleRateHz, ms);
}

/** Hears keys in audio, at any sample rate from 4 kHz on. */
export class Detector {
  #block;
  #heard = 0;
  #filters;
  #energyBefore = 0;
  /** Silent blocks in a row. */
  #silences = 0;
  /** The key of the last window, and how many windows in a row had it. @type {string | undefined} */
  #candidate;
  #agree = 0;
  /** Windows in a row without the key that is down. */
  #without = 0;
  /** @type {string | undefined} */
  #down;

  /** @param {number} sampleRateHz */
  constructor(sampleRateHz) {
    this.#block = new Int16Array(Math.max(1, Math.floor(sampleRateHz / BLOCKS_PER_S)));
    this.#filters = TONES_HZ.map((freqHz) => new Filter(freqHz, sampleRateHz, this.#block.length));
  }

  /**
   * Hears the PCM of one frame. The keys that are known to be down now: 30 to 50 ms after they were pressed.
   * @param {Uint8Array} pcm
   * @returns {string[]}
   */
  hear(pcm) {
    const pressed = [];
    const heard = samples(pcm);
    for (let at = 0; at < heard.length; ) {
      const part = heard.subarray(at, at + this.#block.length - this.#heard);
      this.#block.set(part, this.#heard);
      this.#heard += part.length;
      at += part.length;
      if (this.#heard < this.#block.length) break;
      this.#heard = 0;
      const key = this.#endBlock();
      if (key) pressed.push(key);
    }
    return pressed;
  }

  /** The key that is down. */
  get down() {
    return this.#down;
  }

  /** The key that was just found to be down. */
  #endBlock() {
    let own = 0;
    for (const sample of this.#block) own += sample * sample;
    const silent = own < ENERGY_MIN * SILENCE_SHARE * this.#block.length;
    // Of silence behind silence the filters know already.
    this.#silences = silent ? this.#silences + 1 : 0;
    if (this.#silences <= 2) for (const filter of this.#filters) filter.hear(silent ? undefined : this.#block);
    const found = key(this.#filters, own + this.#energyBefore, 2 * this.#block.length);
    this.#energyBefore = own;
    this.#agree = found && found === this.#candidate ? this.#agree + 1 : 1;
    this.#candidate = found;
    this.#without = found === this.#down ? 0 : this.#without + 1;
    if (found && found !== this.#down && this.#agree >= WINDOWS_DOWN) {
      this.#down = found;
      return found;
    }
    if (this.#without >= WINDOWS_UP) this.#down = undefined;
    return undefined;
  }
}

/** A Goertzel filter. Its result is complex, so that two blocks make one window. */
class Filter {
  /** The former block turned by one block, and the latter: alike when the tone is at its pitch. */
  #a = [0, 0];
  #b = [0, 0];
  #freqHz;
  #turn;
  #blockTurn;

  /** @param {number} freqHz @param {number} sampleRateHz @param {number} blockSamples */
  constructor(freqHz, sampleRateHz, blockSamples) {
    const turn = (/** @type {number} */ samples) => {
      const angle = (2 * Math.PI * freqHz * samples) / sampleRateHz;
      return [Math.cos(angle), Math.sin(angle)];
    };
    this.#freqHz = freqHz;
    this.#turn = turn(1);
    this.#blockTurn = turn(blockSamples);
  }

  /** A block; none is silence. @param {Int16Array} [block] */
  hear(block) {
    const [cos, sin] = this.#blockTurn;
    const [x, y] = this.#b;
    this.#a = [x * cos - y * sin, x * sin + y * cos];
    if (!block) {
      this.#b = [0, 0];
      return;
    }
    const coefficient = 2 * this.#turn[0];
    let s1 = 0;
    let s2 = 0;
    for (let at = 0; at < block.length; at += 1) {
      const s0 = block[at] + coefficient * s1 - s2;
      s2 = s1;
      s1 = s0;
    }
    // As seen from the block's last sample.
    this.#b = [s1 - this.#turn[0] * s2, this.#turn[1] * s2];
  }

  /** Its energy in the window, at its very pitch. */
  get energy() {
    return (this.#a[0] + this.#b[0]) ** 2 + (this.#a[1] + this.#b[1]) ** 2;
  }

  /** Its energy when it may be a little off pitch. */
  get energyNearby() {
    return (Math.hypot(...this.#a) + Math.hypot(...this.#b)) ** 2;
  }

  /** How far off pitch it is, as a part of its pitch. */
  get offPitch() {
    const [a, b] = [this.#a, this.#b];
    const angle = Math.atan2(a[0] * b[1] - a[1] * b[0], a[0] * b[0] + a[1] * b[1]);
    return Math.abs(((angle / (2 * Math.PI)) * BLOCKS_PER_S) / this.#freqHz);
  }
}

/**
 * The key that a window of so many samples holds, by its tones and by the energy of all of it.
 * @param {Filter[]} filters
 * @param {number} energy
 * @param {number} count
 */
function key(filters, energy, count) {
  if (energy < ENERGY_MIN * count) return undefined;
  const row = leader(filters.slice(0, 4));
  const column = leader(filters.slice(4));
  if (row < 0 || column < 0) return undefined;
  const pair = [filters[row], filters[4 + column]];
  const [low, high] = pair.map((tone) => tone.energyNearby);
  // A pure tone of energy E in N samples shows as E * N / 2.
  const share = ((low + high) * 2) / (energy * count);
  const even = low < high * TWIST_MAX && high < low * TWIST_MAX;
  const atPitch = pair.every((tone) => tone.offPitch < OFF_PITCH_MAX);
  return share >= SHARE_MIN && even && atPitch ? KEYS[row][column] : undefined;
}

/** The place of the tone that leads its group; -1: none does. @param {Filter[]} group */
function leader(group) {
  const energies = group.map((tone) => tone.energy);
  const most = Math.max(...energies);
  const at = energies.indexOf(most);
  return energies.every((energy, other) => other === at || most >= energy * LEAD_MIN) ? at : -1;
}
