//! How loud it is, and whether somebody speaks.

/** What silence measures, dB below full scale. Nothing is quieter. */
export const LEVEL_DBFS_MIN = -96;

/** Part of audio that is judged at once, ms. */
const PART_MS = 10;
/** Loud parts in a row, or nearly, that make speech. */
const LOUD_PARTS = 4;
/** Never taken for speech, dB below full scale. */
const SPEECH_DBFS_MIN = -42;
/** Speech is louder than the noise behind it by this, dB. */
const ABOVE_NOISE_DB = 12;
/** The noise behind is no louder than this, dB below full scale: steady speech must not pass for noise. */
const NOISE_DBFS_MAX = -40;

/**
 * The level of audio in dB below full scale: the root of the mean of the squares, so that a full-scale sine is about -3.
 * @param {Int16Array} samples
 */
export function levelDbfs(samples) {
  let energy = 0;
  for (const sample of samples) energy += sample * sample;
  return level(energy, samples.length);
}

/** @param {number} energy @param {number} count */
function level(energy, count) {
  if (energy === 0) return LEVEL_DBFS_MIN;
  return Math.max(LEVEL_DBFS_MIN, 10 * Math.log10(energy / count / 32_767 ** 2));
}

/**
 * Tells speech from the noise behind it by its loudness, which is enough for barge-in and for the end of a message. Keys,
 * music and coughs are speech to it. It knows 40 to 50 ms after the first loud sample: earlier, each click would be speech.
 */
export class Voice {
  #partSamples;
  /** Of the part that is not whole yet. */
  #energy = 0;
  #count = 0;
  #low = -1;
  #noiseDbfs = -60;
  #loudParts = 0;
  /** For how long nobody has spoken, ms of audio. */
  quietMs = 0;
  /** For how long somebody has spoken in all, ms of audio. */
  spokenMs = 0;

  /** @param {number} sampleRateHz */
  constructor(sampleRateHz) {
    this.#partSamples = Math.max(1, Math.floor((sampleRateHz * PART_MS) / 1_000));
  }

  /** Hears the PCM of one frame. Whether somebody speaks at its end. @param {Uint8Array} pcm */
  hear(pcm) {
    let at = 0;
    // A sample may be cut in half by the end of a frame.
    if (this.#low >= 0 && pcm.length > 0) {
      this.#add(((this.#low | (pcm[0] << 8)) << 16) >> 16);
      this.#low = -1;
      at = 1;
    }
    for (; at + 1 < pcm.length; at += 2) this.#add(((pcm[at] | (pcm[at + 1] << 8)) << 16) >> 16);
    if (at < pcm.length) this.#low = pcm[at];
    return this.speaks;
  }

  /** Whether somebody speaks. */
  get speaks() {
    return this.#loudParts >= LOUD_PARTS;
  }

  /** @param {number} sample */
  #add(sample) {
    this.#energy += sample * sample;
    this.#count += 1;
    if (this.#count === this.#partSamples) this.#judge();
  }

  #judge() {
    const levelDbfs = level(this.#energy, this.#count);
    this.#energy = 0;
    this.#count = 0;
    const loud = levelDbfs > Math.max(SPEECH_DBFS_MIN, this.#noiseDbfs + ABOVE_NOISE_DB);
    // Down at once, up slowly: a voice pauses, noise does not.
    const riseDb = levelDbfs > this.#noiseDbfs ? 0.05 : 3;
    const towards = Math.max(this.#noiseDbfs - riseDb, Math.min(levelDbfs, this.#noiseDbfs + riseDb));
    this.#noiseDbfs = Math.min(towards, NOISE_DBFS_MAX);
    this.#loudParts = loud ? Math.min(this.#loudParts + 1, 2 * LOUD_PARTS) : Math.max(0, this.#loudParts - 1);
    if (this.speaks) {
      this.spokenMs += PART_MS;
      this.quietMs = 0;
    } else {
      this.quietMs += PART_MS;
    }
  }
}
