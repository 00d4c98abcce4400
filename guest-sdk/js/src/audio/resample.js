//! From one sample rate to another, for prompts: a whole utterance at a time.

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
  const phases = Math.min(toHz / gcd(fromHz, toHz), PHASES_MAX);
  const cutoff = Math.min(toHz / fromHz, 1);
  const reach = Math.ceil(REACH / cutoff);
  const filters = Array.from({ length: phases }, (_, phase) => filter(phase / phases, cutoff, reach));
  const result = new Int16Array(Math.floor((samples.length * toHz) / fromHz));
  for (let index = 0; index < result.length; index += 1) {
    const at = index * fromHz;
    const place = Math.floor(at / toHz);
    const weights = filters[Math.floor(((at % toHz) * phases) / toHz)];
    let sum = 0;
    for (let tap = Math.max(0, reach - 1 - place), from = place - reach + 1; tap < weights.length; tap += 1) {
      const other = from + tap;
      if (other >= samples.length) break;
      sum += weights[tap] * samples[other];
    }
    result[index] = Math.max(-32_768, Math.min(32_767, Math.round(sum)));
  }
  return result;
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
