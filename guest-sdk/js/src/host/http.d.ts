// Made from the contract's WIT by `npm run contract`: do not edit.

import type { Field, RequestId } from "../contract.js";

/** Sends a request. `http-head`, any number of `http-body` and one `http-end` follow, or only the last. */
export function request(method: string, url: string, headers: Field[], body: Uint8Array): RequestId;

/** Gives up; `http-end` with `CANCELLED` follows. Unknown ids are ignored. */
export function cancel(request: RequestId): void;
