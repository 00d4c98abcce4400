// Made from the contract's WIT by `npm run contract`: do not edit.

import type { Event, Waited } from "../contract.js";

/** Waits for the next event. `none`: `ended` was delivered and nothing will ever come again. */
export function next(): Event | null;

/** Waits for the next event, but no longer than so many milliseconds. 0 asks without waiting. */
export function nextWithin(ms: number): Waited;
