// Made from the contract's WIT by `npm run contract`: do not edit.

import type { RequestId } from "../contract.js";

/** Places a call that the named plugin of this tenant will handle; what becomes of it comes as an event. */
export function place(to: string, plugin: string): RequestId;
