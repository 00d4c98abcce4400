// Made from the contract's WIT by `npm run contract`: do not edit.

import { host } from "../current.js";

export const get = (...given) => host("config").get(...given);
export const all = (...given) => host("config").all(...given);
