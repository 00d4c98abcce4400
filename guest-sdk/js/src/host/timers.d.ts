// Made from the contract's WIT by `npm run contract`: do not edit.

import type { TimerId } from "../contract.js";

/**
 * Fires once after so many milliseconds, or every so many when `repeat` (0 then counts as 1). A repeating timer whose
 * last event was not yet taken does not queue another. `FULL` with 256 running, counting those whose event was not
 * yet taken; `ENDED` after the end of the call.
 */
export function set(ms: number, repeat: boolean): TimerId;

/** Stops a timer; an event of it that is already queued is removed. Unknown ids are ignored. */
export function cancel(id: TimerId): void;
