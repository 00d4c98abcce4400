//! Samples and their bytes.

/**
 * The samples in little-endian PCM: a view of the same memory where that is possible. An odd last byte is left out.
 * @param {Uint8Array} pcm
 * @returns {Int16Array}
 */
export function samples(pcm) {
  const whole = pcm.byteOffset % 2 === 0 ? pcm : pcm.slice();
  return new Int16Array(whole.buffer, whole.byteOffset, whole.byteLength >> 1);
}

/**
 * The little-endian bytes of samples: a view of the same memory.
 * @param {Int16Array} samples
 * @returns {Uint8Array}
 */
export function bytes(samples) {
  return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
}
