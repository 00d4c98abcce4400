// Made from the contract's WIT by `npm run contract`: do not edit.

import type { Field } from "../contract.js";

/** The value of one key. */
export function get(key: string): string | null;

/** All of it. */
export function all(): Field[];
