//! The contract as an event loop, for handlers that want nothing in between: `export function handle(info)`.
//!
//! Such a handler is a plain function in the plain world: there is nothing to await in it.

import * as hostCall from "#host/call";
import * as hostEvents from "#host/events";
import * as hostPlayout from "#host/playout";
import * as hostTimers from "#host/timers";
import { asked } from "./failure.js";

/** @import { Event } from "./contract.js" */

/** The call's events to its end; `ended` is the last one. @returns {Generator<Event, void>} */
export function* events() {
  for (let event; (event = next()) != null; ) yield event;
}

/** Waits for the next event. null: `ended` was given, and nothing will ever come again. */
export const next = () => hostEvents.next();

/**
 * Waits for the next event, but no longer: 0 asks without waiting. Its `tag` is `event`, `timed-out` or `over`.
 * @param {number} ms
 */
export const nextWithin = (ms) => hostEvents.nextWithin(ms);

/**
 * Every function of an interface, with `Failure` for its refusals.
 * @template {Record<string, (...given: any[]) => any>} T
 * @param {T} functions
 * @returns {T}
 */
const safe = (functions) =>
  /** @type {T} */ (
    Object.fromEntries(
      Object.entries(functions).map(([name, f]) => [name, (/** @type {any[]} */ ...given) => asked(() => f(...given))]),
    )
  );

const { answer, connect, whisper, barge, spy, disconnect, close, transfer, sendDigits, state, capabilities } = hostCall;
/** Commands: each answers its id at once, and finishes as one `outcome`. */
export const call = safe({
  answer, connect, whisper, barge, spy, disconnect, close, transfer, sendDigits, state, capabilities,
});

const { play, playSamples, mark, flush, clear, notifyBelow, position } = hostPlayout;
/** The outgoing audio. */
export const playout = safe({ play, playSamples, mark, flush, clear, notifyBelow, position });

const { set, cancel } = hostTimers;
/** Timers, which come as events. */
export const timers = safe({ set, cancel });
