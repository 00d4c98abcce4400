// Made from the contract's WIT by `npm run contract`: do not edit.

import { host } from "../current.js";

export const next = (...given) => host("events").next(...given);
export const nextWithin = (...given) => host("events").nextWithin(...given);
