//! A durable store of this plugin, shared by all its calls. Needs the grant `key_value`; without it every function throws
//! `NOT_GRANTED`. They wait for the host's disk, a moment, and this handler with them.

import * as host from "#host/key-value";
import { asked } from "./failure.js";

/** @typedef {string | Uint8Array} Value */

const bytes = (/** @type {Value} */ value) => (typeof value === "string" ? new TextEncoder().encode(value) : value);

/** The value of a key, or null. @param {string} key @returns {Uint8Array | null} */
export const get = (key) => asked(() => host.get(key));

/** The value of a key as text, or null. @param {string} key */
export function text(key) {
  const value = get(key);
  return value && new TextDecoder().decode(value);
}

/** Durable when it returns. @param {string} key @param {Value} value @param {{ ttlS?: number }} [options] */
export const set = (key, value, { ttlS } = {}) => asked(() => host.set(key, bytes(value), ttlS ?? null));

/**
 * Sets only when the present value is the expected one (null: there is none). Whether it was.
 * @param {string} key
 * @param {Value | null} expected
 * @param {Value} value
 * @param {{ ttlS?: number }} [options]
 */
export const compareAndSet = (key, expected, value, { ttlS } = {}) =>
  asked(() => host.compareAndSet(key, expected === null ? null : bytes(expected), bytes(value), ttlS ?? null));

/** @param {string} key */
const remove = (key) => asked(() => host.delete(key));
/** Removes a key. */
export { remove as delete };
