// Made from the contract's WIT by `npm run contract`: do not edit.

import { host } from "../current.js";

export const request = (...given) => host("http").request(...given);
export const cancel = (...given) => host("http").cancel(...given);
