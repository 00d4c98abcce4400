// Made from the contract's WIT by `npm run contract`: do not edit.

import type { Ledger } from "../contract.js";

/**
 * Queues PCM (signed 16-bit little-endian, the call's sample rate). All or nothing: `FULL` when it does not fit
 * under `playout_bytes_max`, `INVALID` when a sample is cut in half, `NOT_NOW` before the call is answered,
 * `ENDED` after its end.
 */
export function play(pcm: Uint8Array): Ledger;

/** The same for languages whose lists of bytes are costly. */
export function playSamples(samples: Int16Array): Ledger;

/**
 * Asks for a `mark` event when everything queued so far has been heard, by the ledger's estimate: at once when it
 * has been already. `FULL` with 1,024 pending, counting those whose event was not yet taken; `ENDED` after the end
 * of the call. The name is at most 128 bytes, else `INVALID`.
 */
export function mark(name: string): void;

/**
 * Lets the last part of an utterance leave at once, though it does not fill a frame: it is padded with silence.
 * Without it that happens 40 ms after the last `play`.
 */
export function flush(): void;

/**
 * Drops what is queued, and stops what the carrier is playing if it can be stopped. Marks that were not reached come
 * as `played: false`. Before the answer and after the end it does nothing.
 */
export function clear(): Ledger;

/**
 * Asks for one `playout-low` event when fewer than so many samples are queued: at once when that is so already.
 * A later call replaces an earlier one, also when its event was not yet taken; 0 cancels it.
 */
export function notifyBelow(samples: number): void;

/** What became of the audio so far. */
export function position(): Ledger;
