// Made from the contract's WIT by `npm run contract`: do not edit.

/** The present value. A key has 1 to 512 bytes: `INVALID`. `FULL` when too many requests of the plugin wait. */
export function get(key: string): Uint8Array | null;

/**
 * Durable when it returns. `ttl-s`: forgotten after so many seconds. A value has 262144 bytes at the most: `INVALID`.
 * `FULL` at the plugin's quota. After `STORAGE` it is not known whether it was set.
 */
export function set(key: string, value: Uint8Array, ttlS: number | null): void;

/** Durable when it returns. What is absent is none to forget. */
declare function remove(key: string): void;
export { remove as delete };

/** Sets only when the present value is the expected one (`none`: absent). False: it was not, nothing changed. */
export function compareAndSet(key: string, expected: Uint8Array | null, value: Uint8Array, ttlS: number | null): boolean;
