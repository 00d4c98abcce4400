//! The host's log. Each line carries the tenant, the call and the plugin's version by itself; 4 KiB of a line and 100 lines a
//! second are kept. In a component `console` writes here too.

import { log } from "#host/log";

/** @param {string} message */
export const trace = (message) => log("trace", message);
/** @param {string} message */
export const debug = (message) => log("debug", message);
/** @param {string} message */
export const info = (message) => log("info", message);
/** @param {string} message */
export const warn = (message) => log("warn", message);
/** The host's warning: its own errors are its operator's. @param {string} message */
export const error = (message) => log("error", message);
