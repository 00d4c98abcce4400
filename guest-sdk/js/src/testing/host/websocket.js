// Made from the contract's WIT by `npm run contract`: do not edit.

import { host } from "../current.js";

export const open = (...given) => host("websocket").open(...given);
export const send = (...given) => host("websocket").send(...given);
export const close = (...given) => host("websocket").close(...given);
