//! Calls and chats that a simulated call's handler places: each goes as the test says.

import { refuse } from "./peers.js";

const UNDER_WAY_MAX = 16;
/** How long the carrier takes to have a session, ms. */
const CLAIM_MS = 20;

/**
 * How what is placed goes: it fails with a code, or is answered and ends (never, unless the test says when).
 * @typedef {{ afterMs: number, code?: string, talksMs?: number }} Plan
 */

/** Those of one call. */
export class Placing {
  /** What was placed: to whom, for which plugin. @type {{ to: string, plugin: string, chat: boolean }[]} */
  placed = [];
  #plans;
  #later;
  #ids = 0;
  #underWay = 0;

  /**
   * @param {Plan[] | undefined} plans None: it is not granted.
   * @param {(afterMs: number, event: any, then?: () => void) => void} later
   */
  constructor(plans, later) {
    this.#plans = plans && [...plans];
    this.#later = later;
  }

  /** The functions of the contract. */
  interfaces() {
    return {
      calls: {
        place: (/** @type {string} */ to, /** @type {string} */ plugin) => this.#place(to, plugin, false),
        beginChat: (/** @type {string} */ to, /** @type {string} */ plugin) => this.#place(to, plugin, true),
      },
    };
  }

  /** @param {string} to @param {string} plugin @param {boolean} chat */
  #place(to, plugin, chat) {
    if (!this.#plans) throw refuse("NOT_GRANTED", "calls is not granted");
    if (!/^[\w+*#@.:-]{1,64}$/.test(to)) throw refuse("INVALID", `nobody can be called at ${to}`);
    if (this.#underWay >= UNDER_WAY_MAX) throw refuse("FULL", `${UNDER_WAY_MAX} are under way`);
    const request = (this.#ids += 1);
    const { afterMs, code, talksMs } = this.#plans.shift() ?? { afterMs: 1_000, talksMs: 10_000 };
    this.#underWay += 1;
    this.placed.push({ to, plugin, chat });
    const tell = (/** @type {number} */ ms, /** @type {string} */ step, /** @type {any} */ value) =>
      this.#later(ms, { tag: "placed", val: { request, step, value } }, () => {
        if (step === "ended" || step === "failed") this.#underWay -= 1;
      });
    if (code) {
      tell(afterMs, "failed", { tag: "err", val: { code, message: "as the test wants it" } });
      return request;
    }
    tell(CLAIM_MS, "claimed", { tag: "ok", val: `session-${request}` });
    if (!chat) tell(afterMs, "answered", { tag: "ok", val: `call-${request}` });
    if (talksMs !== undefined) tell(afterMs + talksMs, "ended", { tag: "ok", val: chat ? "closed" : "terminated" });
    return request;
  }
}
