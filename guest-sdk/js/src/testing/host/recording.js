// Made from the contract's WIT by `npm run contract`: do not edit.

import { host } from "../current.js";

export const start = (...given) => host("recording").start(...given);
export const stop = (...given) => host("recording").stop(...given);
export const play = (...given) => host("recording").play(...given);
const remove = (...given) => host("recording").delete(...given);
export { remove as delete };
