// Made from the contract's WIT by `npm run contract`: do not edit.

import { host } from "../current.js";

export const set = (...given) => host("timers").set(...given);
export const cancel = (...given) => host("timers").cancel(...given);
