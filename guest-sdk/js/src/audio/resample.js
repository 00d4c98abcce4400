//! From one sample rate to another: a whole utterance, or a stream piece by piece.

/** Samples of the lower rate that one sample of the result is made of, to each side. */
const REACH = 8;
/** Filters are kept for so many places between two samples; odd ratios of rates use the nearest. */
const PHASES_MAX = 256;

/**
 * The samples at another rate, by a windowed-sinc filter: nothing above half of the lower rate comes through, and the band of
 * a telephone stays as it is. The result is as long in time, to the sample.
 *
 * A second of it takes some ten milliseconds in a component: do it while the component is built, as `Prompt` does.
 * @param {Int16Array} samples
 * @param {number} fromHz
 * @param {number} toHz
 * @returns {Int16Array}
 */
export function resample(samples, fromHz, toHz) {
  if (fromHz === toHz || !fromHz || !toHz) return samples.slice();
  const resampler = new Resampler(fromHz, toHz);
  const begin = resampler.push(samples);
  const rest = resampler.finish();
  const result = new Int16Array(begin.length + rest.length);
  result.set(begin);
  result.set(rest, begin.length);
  return result;
}

/**
 * The same for a stream: what is pushed comes out at another rate, as if it had been resampled whole, 8 samples of the lower
 * rate later.
 */
export class Resampler {
  #from = 1;
  #to = 1;
  #phases = 1;
  #reach = 0;
  /** @type {Float64Array[]} */
  #filters = [];
  /** Samples that are needed yet, from the place `first` of the stream on. */
  #kept = new Int16Array(0);
  #first = 0;
  #index = 0;
  #pushed = 0;

  /** The same rate twice, or none, changes nothing. @param {number} fromHz @param {number} toHz */
  constructor(fromHz, toHz) {
    const same = fromHz === toHz || !fromHz || !toHz;
    if (same) return;
    [this.#from, this.#to] = [fromHz, toHz];
    this.#phases = Math.min(toHz / gcd(fromHz, toHz), PHASES_MAX);
    const cutoff = Math.min(toHz / fromHz, 1);
    this.#reach = Math.ceil(REACH / cutoff);
    this.#filters = Array.from({ length: this.#phases }, (_, phase) =>
      filter(phase / this.#phases, cutoff, this.#reach),
    );
  }

  /** Takes a piece; what is certain by now. @param {Int16Array} piece */
  push(piece) {
    if (this.#reach === 0) return piece.slice();
    const kept = new Int16Array(this.#kept.length + piece.length);
    kept.set(this.#kept);
    kept.set(piece, this.#kept.length);
    this.#kept = kept;
    this.#pushed += piece.length;
    return this.#until(Math.max(0, Math.floor(((this.#pushed - this.#reach) * this.#to) / this.#from)));
  }

  /** The stream is over: the rest, as if silence followed. It can begin anew. */
  finish() {
    if (this.#reach === 0) return new Int16Array(0);
    const rest = this.#until(Math.floor((this.#pushed * this.#to) / this.#from));
    this.#kept = new Int16Array(0);
    [this.#first, this.#index, this.#pushed] = [0, 0, 0];
    return rest;
  }

  /** @param {number} end */
  #until(end) {
    const made = new Int16Array(Math.max(0, end - this.#index));
    // The engine is an interpreter: nothing is looked up twice in here.
    const [kept, filters, from, to, phases] = [this.#kept, this.#filters, this.#from, this.#to, this.#phases];
    const [begin, taps, present] = [this.#first + this.#reach - 1, 2 * this.#reach, kept.length];
    for (let count = 0, at = this.#index * from; count < made.length; count += 1, at += from) {
      const first = Math.floor(at / to) - begin;
      const weights = filters[Math.floor(((at % to) * phases) / to)];
      const last = Math.min(taps, present - first);
      let sum = 0;
      for (let tap = Math.max(0, -first); tap < last; tap += 1) sum += weights[tap] * kept[first + tap];
      made[count] = Math.max(-32_768, Math.min(32_767, Math.round(sum)));
    }
    this.#index += made.length;
    const needed = Math.floor((this.#index * from) / to) - this.#reach;
    const done = Math.min(present, Math.max(0, needed - this.#first));
    this.#kept = kept.slice(done);
    this.#first += done;
    return made;
  }
}

/**
 * The weights of the samples around a place `phase` behind a sample, which add up to 1.
 * @param {number} phase
 * @param {number} cutoff
 * @param {number} reach
 */
function filter(phase, cutoff, reach) {
  const weights = Float64Array.from({ length: 2 * reach }, (_, index) => {
    const distance = index - (reach - 1) - phase;
    return sinc(distance * cutoff) * (0.5 + 0.5 * Math.cos((Math.PI * distance) / reach));
  });
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / sum);
}

/** @param {number} x */
const sinc = (x) => (Math.abs(x) < 1e-6 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

/** @param {number} a @param {number} b @returns {number} */
const gcd = (a, b) => (b === 0 ? a : gcd(b, a % b));
