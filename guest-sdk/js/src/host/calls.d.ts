// Made from the contract's WIT by `npm run contract`: do not edit.

import type { RequestId } from "../contract.js";

/**
 * Places a call that the named plugin will handle. `to` is a number or address as the carrier writes it: letters, digits
 * and `+*#@.:-_`, at most 64.
 */
export function place(to: string, plugin: string): RequestId;

/** Begins a chat that the named plugin will handle. `to` as above. */
export function beginChat(to: string, plugin: string): RequestId;
