// Made from the contract's WIT by `npm run contract`: do not edit.

import type { Level } from "../contract.js";

/**
 * Writes one line, cut at 4 KiB. Over 100 lines a second lines are dropped and counted. An author's `error` is the
 * host's warning: the host's own error level is for what its operator must act on.
 */
export function log(level: Level, message: string): void;
