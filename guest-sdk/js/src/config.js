//! What the operator configured for this plugin: the table `config` of its `[[tenant.plugin]]`. It does not change
//! during a call.

import * as host from "#host/config";

/**
 * The value of one key, or what stands for one that is not set.
 * @template [T=undefined]
 * @param {string} key
 * @param {T} [otherwise]
 * @returns {string | T}
 */
export function get(key, otherwise) {
  return host.get(key) ?? /** @type {T} */ (otherwise);
}

/**
 * The value of one key as a number; what stands for it when it is not set, or is none.
 * @param {string} key
 * @param {number} otherwise
 */
export function number(key, otherwise) {
  const text = host.get(key)?.trim();
  const value = Number(text);
  return text && Number.isFinite(value) ? value : otherwise;
}

/** All of it. @returns {Record<string, string>} */
export function all() {
  return Object.fromEntries(host.all().map(({ name, value }) => [name, value]));
}
