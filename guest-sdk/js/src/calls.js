//! Placing further calls, and beginning chats. Needs the grant `calls`; without it every function throws `NOT_GRANTED`.

import * as host from "#host/calls";
import { asked, failureOf } from "./failure.js";
import { current } from "./hub.js";
import { Stream } from "./stream.js";

/**
 * A step of what was placed: `claimed` (the detail is the session's id), `answered` (the carrier's id of the call), `ended`
 * (why), or `failed`. Further ones may come.
 * @typedef {{ step: string, detail?: string, failure?: Error }} Step
 */

/**
 * Places a call that the named plugin of this tenant will handle; it does not end with this one.
 * @param {string} to
 * @param {string} plugin
 * @returns {Stream<Step>} Its steps: `for await (const { step } of calls.place("+15550100", "survey")) ...`
 */
export const place = (to, plugin) => follow(asked(() => host.place(to, plugin)));

/** Begins a chat that the named plugin will handle. @param {string} to @param {string} plugin @returns {Stream<Step>} */
export const beginChat = (to, plugin) => follow(asked(() => host.beginChat(to, plugin)));

/** The last steps of what was placed. */
const LAST = ["ended", "failed"];

/** @param {number} request */
function follow(request) {
  const off = current().follow("placed", request, (_, { step, value }) => {
    steps.push(value.tag === "ok" ? { step, detail: value.val } : { step, failure: failureOf(value.val) });
    if (LAST.includes(step)) {
      off();
      steps.end();
    }
  });
  /** @type {Stream<Step>} */
  const steps = new Stream({ weightMax: 16, forget: off });
  return steps;
}
