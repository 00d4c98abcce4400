// Made from the contract's WIT by `npm run contract`: do not edit.

import type { Field, RequestId } from "../contract.js";

/**
 * Sends a request. `http-head`, any number of `http-body` and one `http-end` follow, or only the last. A redirect is not
 * followed. `NOT_GRANTED` for a host that is not granted, `INVALID` as for a socket, for a method that is none, and for a body of
 * more than 262144 bytes; `FULL` at a limit.
 */
export function request(method: string, url: string, headers: Field[], body: Uint8Array): RequestId;

/** Gives up; `http-end` with `CANCELLED` follows. Unknown ids are ignored. */
export function cancel(request: RequestId): void;
