// Made from the contract's WIT by `npm run contract`: do not edit.

import { host } from "../current.js";

export const log = (...given) => host("log").log(...given);
