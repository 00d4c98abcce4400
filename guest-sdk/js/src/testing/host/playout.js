// Made from the contract's WIT by `npm run contract`: do not edit.

import { host } from "../current.js";

export const play = (...given) => host("playout").play(...given);
export const playSamples = (...given) => host("playout").playSamples(...given);
export const mark = (...given) => host("playout").mark(...given);
export const flush = (...given) => host("playout").flush(...given);
export const clear = (...given) => host("playout").clear(...given);
export const notifyBelow = (...given) => host("playout").notifyBelow(...given);
export const position = (...given) => host("playout").position(...given);
