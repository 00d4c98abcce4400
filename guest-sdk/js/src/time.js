//! Waiting for time to pass, on the host's timers.

import { aborted, onAbort } from "./abort.js";
import { current } from "./hub.js";

/**
 * Resolves after so many milliseconds. Rejects with `ENDED` at the end of the call, with `FULL` when 256 timers run, and with
 * the signal's reason when that is aborted.
 * @param {number} ms
 * @param {{ signal?: AbortSignal }} [options]
 * @returns {Promise<void>}
 */
export async function sleep(ms, { signal } = {}) {
  aborted(signal);
  const hub = current();
  const { id, fired } = hub.timer(ms);
  let off = () => {};
  try {
    await new Promise((resolve, reject) => {
      off = onAbort(signal, reject);
      fired.then(resolve, reject);
    });
  } finally {
    off();
    hub.cancel(id);
  }
}

/**
 * What `run` resolves with, or a rejection with `TimeoutError` when it takes longer; it is told to give up then.
 * @template T
 * @param {number} ms
 * @param {(signal: AbortSignal) => Promise<T>} run
 * @returns {Promise<T>}
 */
export async function timeout(ms, run) {
  const controller = new AbortController();
  const late = Object.assign(new Error(`it took longer than ${ms} ms`), { name: "TimeoutError" });
  const watch = sleep(ms, { signal: controller.signal }).then(
    () => controller.abort(late),
    () => {},
  );
  try {
    return await run(controller.signal);
  } finally {
    controller.abort();
    await watch;
  }
}
