//! Giving up: `AbortSignal`, as the web has it, and races whose losers give up.

/** @param {AbortSignal} [signal] */
export function aborted(signal) {
  if (signal?.aborted) throw signal.reason;
}

/**
 * Calls `give up` when the signal is aborted. Answers the function that takes this back.
 * @param {AbortSignal | undefined} signal
 * @param {(reason: unknown) => void} giveUp
 */
export function onAbort(signal, giveUp) {
  if (!signal) return () => {};
  const listener = () => giveUp(signal.reason);
  signal.addEventListener("abort", listener, { once: true });
  return () => signal.removeEventListener("abort", listener);
}

/**
 * Runs several things at once until the first of them is done, and tells the others to give up.
 *
 * ```js
 * const { name, value } = await race({
 *   key: (signal) => keys.read({ signal }),
 *   said: (signal) => call.say(welcome, { signal }),
 * });
 * ```
 *
 * @template {Record<string, (signal: AbortSignal) => Promise<unknown>>} T
 * @param {T} runners Each is called with a signal, which is aborted when another one was first. What becomes of those is of no
 *   interest.
 * @param {{ signal?: AbortSignal }} [options] Aborts them all.
 * @returns {Promise<{ [K in keyof T]: { name: K, value: Awaited<ReturnType<T[K]>> } }[keyof T]>} Who was first, and with what.
 *   Rejects when the first one failed.
 */
export async function race(runners, { signal } = {}) {
  aborted(signal);
  const controller = new AbortController();
  const off = onAbort(signal, (reason) => controller.abort(reason));
  const running = Object.entries(runners).map(async ([name, run]) => ({ name, value: await run(controller.signal) }));
  try {
    return /** @type {any} */ (await Promise.race(running));
  } finally {
    off();
    for (const loser of running) loser.catch(() => {});
    controller.abort();
  }
}
