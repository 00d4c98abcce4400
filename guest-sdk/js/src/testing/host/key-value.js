// Made from the contract's WIT by `npm run contract`: do not edit.

import { host } from "../current.js";

export const get = (...given) => host("key-value").get(...given);
export const set = (...given) => host("key-value").set(...given);
const remove = (...given) => host("key-value").delete(...given);
export { remove as delete };
export const compareAndSet = (...given) => host("key-value").compareAndSet(...given);
