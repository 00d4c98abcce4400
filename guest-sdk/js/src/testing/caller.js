//! Who calls, what they do, how the carrier behaves, and what became of it.

import { keyTone } from "../audio/dtmf.js";
import { levelDbfs } from "../audio/level.js";
import { CALL_UNANSWERED, Failure } from "../failure.js";
import { run } from "../runtime.js";
import { simulate } from "./current.js";
import { Host } from "./host.js";

/** @import { CallInfo } from "../contract.js" */
/** @import { Call } from "../call.js" */
/** @import { Answer, Say } from "./peers.js" */
/** @import { Plan } from "./placing.js" */

/** How long a key is pressed, and the pause behind it, ms. */
const KEY_MS = 100;
/** The amplitude of each of a key's two tones, a part of full scale. */
const KEY_AMPLITUDE = 0.2;

/**
 * One step of a script: samples to say, time to wait, silence to await, or something that happens.
 * @typedef {{ say?: Int16Array, waitMs?: number, untilQuiet?: boolean, happens?: any, hangUp?: boolean }} Step
 */
/** @typedef {{ afterMs: number, result: any }} Response */

/** A caller with a script. The steps run one after the other from the answer on; between them the line carries silence. */
export class Caller {
  /** @type {CallInfo} */
  info = {
    id: "call-1",
    tenant: "test",
    carrier: "test",
    caller: "+15550100",
    callee: "+15550199",
    outbound: false,
    resumed: false,
    audio: { sampleRateHz: 16_000, channels: Uint8Array.of(0) },
    fields: [],
  };
  /** @type {((rateHz: number) => Step)[]} */
  script = [];
  /** @type {Record<string, string>} */
  config = {};
  /** @type {Record<string, Response[]>} */
  responses = {};
  /** @type {Record<string, Say>} */
  sockets = {};
  /** @type {Record<string, Answer>} */
  requests = {};
  /** @type {Map<string, Uint8Array> | undefined} */
  memory;
  /** @type {Plan[] | undefined} */
  plans;
  recordingGranted = false;
  playoutBytesMax = 1 << 20;
  givesUpMs = 120_000;

  /** Says these samples at the pace of speech. @param {Int16Array} samples */
  says(samples) {
    return this.#step(() => ({ say: samples }));
  }

  /** Presses keys, as tones in band. @param {string} keys */
  presses(keys) {
    for (const key of keys) {
      this.#step((rateHz) => ({ say: keyTone(key, KEY_AMPLITUDE, rateHz, KEY_MS) }));
      this.waitsMs(KEY_MS);
    }
    return this;
  }

  /** Stays silent. @param {number} ms */
  waitsMs(ms) {
    return this.#step(() => ({ waitMs: ms }));
  }

  /** Stays silent until the handler has said something, and has been silent for 60 ms after it. */
  hearsOut() {
    return this.#step(() => ({ untilQuiet: true }));
  }

  /** Anything else that can happen. @param {import("../contract.js").Event} event */
  happens(event) {
    return this.#step(() => ({ happens: event }));
  }

  hangsUp() {
    return this.#step(() => ({ hangUp: true }));
  }

  /** Hangs up so long after the call began, whatever the script says. Else after two minutes. @param {number} ms */
  givesUpAfterMs(ms) {
    this.givesUpMs = ms;
    return this;
  }

  /** The call's sample rate. Else 16 kHz. @param {number} sampleRateHz */
  sampleRateHz(sampleRateHz) {
    this.info.audio.sampleRateHz = sampleRateHz;
    return this;
  }

  /** A key of the plugin's configuration. @param {string} key @param {string} value */
  configured(key, value) {
    this.config[key] = value;
    return this;
  }

  /** Another host takes sockets at this address, and says what the function answers. @param {string} url @param {Say} say */
  meets(url, say) {
    this.sockets[url] = say;
    return this;
  }

  /**
   * Another host answers requests to this address.
   * @param {string} url
   * @param {string} body
   * @param {{ status?: number, headers?: Record<string, string> }} [head]
   */
  answersRequest(url, body, { status = 200, headers = {} } = {}) {
    this.requests[url] = { status, headers, body: new TextEncoder().encode(body) };
    return this;
  }

  /** The plugin may remember; each caller begins with nothing. */
  grantsKeyValue() {
    this.memory = new Map();
    return this;
  }

  /** The handler may place calls and begin chats: each is answered after a second and ends ten seconds later. */
  grantsCalls() {
    this.plans ??= [];
    return this;
  }

  /** The next one that is placed fails with this code. @param {string} code @param {number} [afterMs] */
  placedFails(code, afterMs = 1_000) {
    return this.#plan({ afterMs, code });
  }

  /** The next one is answered after so long, and ends so long after that. @param {number} afterMs @param {number} talksMs */
  placedTalks(afterMs, talksMs) {
    return this.#plan({ afterMs, talksMs });
  }

  grantsRecording() {
    this.recordingGranted = true;
    return this;
  }

  /**
   * How the next command of this name goes: a failure's code, or none. Those that nothing is said of succeed, `connect` after a
   * second, the rest after 20 ms.
   * @param {string} command
   * @param {number} afterMs
   * @param {string} [code]
   */
  answers(command, afterMs, code) {
    const result = code ? { tag: "err", val: { code, message: "as the test wants it" } } : { tag: "ok", val: null };
    (this.responses[command] ??= []).push({ afterMs, result });
    return this;
  }

  /** The number that `connect` rings does not pick up. */
  nobodyAnswers() {
    return this.answers("connect", Infinity, CALL_UNANSWERED);
  }

  /**
   * Calls a handler. Rejects with an exception of it that is no `Failure`: a bug, or an assertion of the test.
   * @param {(call: Call) => unknown} handler
   * @returns {Promise<Report>}
   */
  async run(handler) {
    const host = new Host(this);
    simulate(host);
    /** @type {Failure | undefined} */
    let failure;
    try {
      // Every job runs before the next turn of Node's own loop.
      await run(handler, this.info, () => new Promise((/** @type {any} */ resolve) => /** @type {any} */ (globalThis).setImmediate(resolve)));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      failure = error;
    } finally {
      simulate(undefined);
    }
    return new Report(host, failure);
  }

  /** @param {Plan} plan */
  #plan(plan) {
    (this.plans ??= []).push(plan);
    return this;
  }

  /** @param {(rateHz: number) => Step} step */
  #step(step) {
    this.script.push(step);
    return this;
  }
}

/** What became of a call, and what the caller heard. */
export class Report {
  /** @param {Host} host @param {Failure} [failure] */
  constructor(host, failure) {
    host.end("closed");
    /** The code of the failure that the handler ended with. */
    this.failure = failure?.code;
    /** Why the call ended: `terminated` (the caller hung up), `closed`, `disconnected`. */
    this.end = /** @type {string} */ (host.reason);
    /** The commands that were accepted, in order: `["answer", "connect 20", "close"]`. */
    this.commands = host.begun;
    this.sampleRateHz = host.rateHz;
    /** What the caller heard from the answer on, silence included. */
    this.heard = Int16Array.from(host.heard);
    /** The lines of its log. */
    this.log = host.log;
    /** Its recordings, by reference: how long they are, ms. @type {Record<string, number>} */
    this.recordings = host.recordings;
    /** What it sent over sockets. */
    this.sent = host.peers.sent;
    /** Its requests. */
    this.asked = host.peers.asked;
    /** What it placed. */
    this.placed = host.placing.placed;
    /** Timers that still ran when the handler returned. */
    this.timersLeft = host.timers.length;
  }

  /** Where the caller heard exactly these samples, ms since the answer; each time. @param {Int16Array} what */
  heardAtMs(what) {
    const places = [];
    for (let at = this.heard.indexOf(what[0]); at >= 0 && what.length > 0; ) {
      const same = what.every((sample, index) => this.heard[at + index] === sample);
      if (same) places.push(Math.floor((at * 1_000) / this.sampleRateHz));
      at = this.heard.indexOf(what[0], at + (same ? what.length : 1));
    }
    return places;
  }

  /** How loud a part of that was, dB below full scale. @param {number} fromMs @param {number} toMs */
  heardDbfs(fromMs, toMs) {
    const at = (/** @type {number} */ ms) => Math.floor((ms * this.sampleRateHz) / 1_000);
    return levelDbfs(this.heard.subarray(at(fromMs), at(toMs)));
  }
}
