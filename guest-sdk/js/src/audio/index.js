//! Audio in the guest: what handlers need to prompt, to listen for keys and for speech. No host functions in here.
//!
//! PCM is signed 16-bit, mono: samples as `Int16Array`, or their little-endian bytes as `Uint8Array`, as events carry them.

export { Detector, keyTone } from "./dtmf.js";
export { LEVEL_DBFS_MIN, Voice, levelDbfs } from "./level.js";
export { bytes, samples } from "./pcm.js";
export { Prompt } from "./prompt.js";
export { Resampler, resample } from "./resample.js";
export { tone } from "./tone.js";
export { readWav } from "./wav.js";
