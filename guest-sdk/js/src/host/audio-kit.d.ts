// Made from the contract's WIT by `npm run contract`: do not edit.

import type { ToolId, Voice, Law, Sound } from "../contract.js";

/**
 * Begins to resample, from 4000 to 48000 Hz: `INVALID` for other rates, and for two that have too little in common (their
 * ratio, in lowest terms, is to at most 480).
 */
export function openResampler(fromHz: number, toHz: number): ToolId;

/**
 * What is certain by now of the audio at the other rate, which is up to 60 ms behind what was given. Frame by frame or at
 * once, the samples are the same.
 */
export function resample(tool: ToolId, pcm: Uint8Array): Uint8Array;

/** The same, and so are the others in `-samples`, for languages whose lists of bytes are costly to give. */
export function resampleSamples(tool: ToolId, samples: Int16Array): Uint8Array;

/** The rest, so that all that came is as long in time as all that was given. The resampler begins anew. */
export function finishResampling(tool: ToolId): Uint8Array;

/** Begins to listen for keys in band (DTMF), at 4000 to 48000 Hz. */
export function openKeyDetector(sampleRateHz: number): ToolId;

/** The keys that were pressed in this audio, usually none. Each is told once, 30 to 50 ms after it went down. */
export function hearKeys(tool: ToolId, pcm: Uint8Array): string;

/** The same. */
export function hearKeysSamples(tool: ToolId, samples: Int16Array): string;

/**
 * Begins to listen for speech by its loudness, which is enough for barge-in and for the end of a message, at 4000 to
 * 48000 Hz. Keys, music and coughs are speech to it.
 */
export function openVoiceDetector(sampleRateHz: number): ToolId;

/** How it stands at the end of this audio. */
export function hearVoice(tool: ToolId, pcm: Uint8Array): Voice;

/** The same. */
export function hearVoiceSamples(tool: ToolId, samples: Int16Array): Voice;

/** Gives a resampler or detector back. Unknown ids are ignored. */
export function close(tool: ToolId): void;

/**
 * How loud audio is, in dB below full scale: the root of the mean of the squares, so that a full-scale sine is about -3.
 * Silence is -96.
 */
export function levelDbfs(pcm: Uint8Array): number;

/** The same. */
export function levelDbfsSamples(samples: Int16Array): number;

/**
 * The sum of sine tones with soft ends: a dial tone is 350 and 440 Hz. Each has this peak, of 32767; what is beyond full
 * scale in sum is cut. Up to eight.
 */
export function tones(freqsHz: number[], peak: number, ms: number, sampleRateHz: number): Uint8Array;

/**
 * Keys as their tones, each for so many milliseconds and with as long a pause behind it. `INVALID` for what is no key
 * (0 to 9, `*`, `#`, A to D).
 */
export function keyTones(keys: string, peak: number, ms: number, sampleRateHz: number): Uint8Array;

/** One byte a sample. */
export function toG711(law: Law, pcm: Uint8Array): Uint8Array;

/** The same. */
export function toG711Samples(law: Law, samples: Int16Array): Uint8Array;

/** One sample a byte. */
export function fromG711(law: Law, bytes: Uint8Array): Uint8Array;

/** The audio of a WAV file: 8 or 16-bit PCM, mono, or the mean of a stereo file's sides. `INVALID` with what is wrong. */
export function readWav(file: Uint8Array): Sound;

/** A WAV file of 16-bit PCM, mono. */
export function writeWav(sound: Sound): Uint8Array;
