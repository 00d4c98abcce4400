//! Sounds without a file.

/** A fade at both ends, ms: without it a tone begins and ends with a click. */
const FADE_MS = 4;

/**
 * A sine tone with soft ends. `amplitude` is a part of full scale, 0 to 1.
 * @param {number} freqHz
 * @param {number} amplitude
 * @param {number} sampleRateHz
 * @param {number} ms
 */
export function tone(freqHz, amplitude, sampleRateHz, ms) {
  return tones([freqHz], amplitude, sampleRateHz, ms);
}

/**
 * The sum of sine tones of the same amplitude, with soft ends.
 * @param {number[]} freqsHz
 * @param {number} amplitude
 * @param {number} sampleRateHz
 * @param {number} ms
 * @returns {Int16Array}
 */
export function tones(freqsHz, amplitude, sampleRateHz, ms) {
  const count = Math.floor((sampleRateHz * ms) / 1_000);
  const fade = Math.max(1, Math.min(Math.floor((sampleRateHz * FADE_MS) / 1_000), count >> 1));
  const peak = Math.max(0, Math.min(1, amplitude)) * 32_767;
  const result = new Int16Array(count);
  for (let index = 0; index < count; index += 1) {
    const soft = Math.min(Math.min(index, count - 1 - index) / fade, 1);
    let sum = 0;
    for (const freqHz of freqsHz) sum += Math.sin((2 * Math.PI * freqHz * index) / sampleRateHz);
    result[index] = sum * soft * peak;
  }
  return result;
}
