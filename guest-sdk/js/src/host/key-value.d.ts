// Made from the contract's WIT by `npm run contract`: do not edit.

export function get(key: string): Uint8Array | null;

/** Durable when it returns. `ttl-s`: forgotten after so many seconds. */
export function set(key: string, value: Uint8Array, ttlS: number | null): void;

declare function remove(key: string): void;
export { remove as delete };

/** Sets only when the present value is the expected one (`none`: absent). False: it was not, nothing changed. */
export function compareAndSet(key: string, expected: Uint8Array | null, value: Uint8Array, ttlS: number | null): boolean;
