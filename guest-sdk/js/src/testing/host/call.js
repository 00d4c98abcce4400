// Made from the contract's WIT by `npm run contract`: do not edit.

import { host } from "../current.js";

export const state = (...given) => host("call").state(...given);
export const capabilities = (...given) => host("call").capabilities(...given);
export const answer = (...given) => host("call").answer(...given);
export const connect = (...given) => host("call").connect(...given);
export const whisper = (...given) => host("call").whisper(...given);
export const barge = (...given) => host("call").barge(...given);
export const spy = (...given) => host("call").spy(...given);
export const disconnect = (...given) => host("call").disconnect(...given);
export const close = (...given) => host("call").close(...given);
export const transfer = (...given) => host("call").transfer(...given);
export const sendDigits = (...given) => host("call").sendDigits(...given);
