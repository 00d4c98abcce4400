// Made from the contract's WIT by `npm run contract`: do not edit.

import type { CommandId } from "../contract.js";

/** `pending` (rings), `answered`, `connected` (bridged to the other party), `ended`. */
export function state(): string;

/** The commands and extras that this carrier supports, by their names here: `answer`, `connect`, `whisper`, ... */
export function capabilities(): string[];

/** Picks up. Legal while `pending`. Deadline 10 s. */
export function answer(): CommandId;

/**
 * Rings the number that was originally called and bridges it in. Legal while `pending` or `answered`.
 * `ring-time-s` is 1 to 120 and is the deadline. `CALL_UNANSWERED` leaves the call as it was.
 */
export function connect(ringTimeS: number): CommandId;

/**
 * From now on only the number's subscriber hears this handler: the callee of an inbound call, the caller of an outbound
 * one. Legal while `connected`. Deadline 10 s.
 */
export function whisper(): CommandId;

/** From now on both parties hear this handler: the mode after `connect`. Legal while `connected`. Deadline 10 s. */
export function barge(): CommandId;

/** From now on nobody hears this handler. Legal while `connected`. Deadline 10 s. */
export function spy(): CommandId;

/**
 * Ends the call for everyone. Legal until `ended`. Deadline 10 s. Before `connected` a carrier may answer
 * `INVALID_COMMAND`; `close` ends such a call.
 */
export function disconnect(): CommandId;

/** Leaves the call: connected parties stay connected, else the call ends. Legal until `ended`. Deadline 10 s. */
export function close(): CommandId;

/** Rings another number and bridges it in. Telcoflow answers `NOT_SUPPORTED`. */
export function transfer(to: string, ringTimeS: number): CommandId;

/** Sends keys out of band. Telcoflow answers `NOT_SUPPORTED`. */
export function sendDigits(digits: string): CommandId;
