//! Recording by the host: WAV files in its data directory, named by reference. Needs the grant `recording`; without it every
//! function throws `NOT_GRANTED`. They wait for the host's disk, a moment, and this handler with them.

import * as host from "#host/recording";
import { asked } from "./failure.js";

/** What is recorded. @typedef {"heard" | "said" | "both" | "legs"} Side */

/** Starts one, and answers its reference. @param {Side} [side] */
export const start = (side = "heard") => asked(() => host.start(side));
/** Ends it: the file is complete. */
export const stop = () => asked(() => host.stop());
/** Queues a recording for playout, whole or `FULL`. @param {string} reference */
export const play = (reference) => asked(() => host.play(reference));
/** @param {string} reference */
const remove = (reference) => asked(() => host.delete(reference));
/** Removes a recording. */
export { remove as delete };
