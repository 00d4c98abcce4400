// Made from the contract's WIT by `npm run contract`: do not edit.

import { host } from "../current.js";

export const place = (...given) => host("calls").place(...given);
export const beginChat = (...given) => host("calls").beginChat(...given);
