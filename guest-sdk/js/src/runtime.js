//! Runs a handler to its end, or to the call's: what the entry of a component calls.

import * as events from "#host/events";
import * as log from "#host/log";
import { Call } from "./call.js";
import { ENDED, Failure, LINK_LOST } from "./failure.js";
import { Hub, serve } from "./hub.js";

/** @import { CallInfo } from "./contract.js" */

/**
 * Serves one call. The host is asked for an event only when the handler has nothing left to do.
 * @param {(call: Call) => unknown} handler
 * @param {CallInfo} info
 * @param {() => Promise<void>} idle Resolves when no job waits any longer.
 */
export async function run(handler, info, idle) {
  const hub = new Hub(info);
  serve(hub);
  /** @type {{ error?: unknown } | undefined} */
  let result;
  const returned = (async () => handler(new Call(hub)))();
  returned.then(
    () => (result = {}),
    (error) => (result = { error }),
  );
  for (;;) {
    if (hub.woken) {
      hub.woken = false;
      await idle();
    }
    if (result) break;
    // It waits for what never comes.
    if (hub.reason !== undefined) return;
    const event = events.next();
    if (event == null) return;
    hub.take(event);
  }
  settle(hub, result.error);
}

/**
 * A handler that gave up because the call is over has ended well.
 * @param {Hub} hub
 * @param {unknown} error
 */
function settle(hub, error) {
  if (error === undefined) return;
  if (!Failure.is(error, ENDED, LINK_LOST)) throw error;
  // `ended` follows, and is taken, as the contract wishes.
  while (hub.reason === undefined) {
    const event = events.next();
    if (event == null) return;
    hub.take(event);
  }
}

/**
 * What the host is told of an exception: a failure's own code, or `UNCAUGHT`, with the place in the log.
 * @param {unknown} error
 */
export function refusal(error) {
  if (error instanceof Failure) return { code: error.code, message: error.message };
  if (error instanceof Error && error.stack) log.log("error", `${error}\n${error.stack}`);
  return { code: "UNCAUGHT", message: String(error) };
}
