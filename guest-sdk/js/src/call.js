//! The call, as an async handler has it in its hand.

import * as host from "#host/call";
import * as playout from "#host/playout";
import { aborted, onAbort, race } from "./abort.js";
import { Prompt } from "./audio/prompt.js";
import { Voice } from "./audio/level.js";
import { FULL, Failure, INVALID_COMMAND, asked, ended } from "./failure.js";
import { PIECE_MS_MIN, PLAY_AHEAD_MS } from "./limits.js";
import { sleep } from "./time.js";

/** @import { CallInfo, Ledger } from "./contract.js" */
/** @import { Hub } from "./hub.js" */
/** @import { Stream } from "./stream.js" */

/**
 * What can be said: samples, their little-endian bytes, or a prompt, which has the call's sample rate by itself.
 * @typedef {Int16Array | Uint8Array | Prompt} Pcm
 */
/** @typedef {{ signal?: AbortSignal }} Abortable */

/** One call. */
export class Call {
  #hub;

  /** @param {Hub} hub */
  constructor(hub) {
    this.#hub = hub;
  }

  // Commands. Each is begun at once; its promise resolves with the carrier's detail, if it gave one, and rejects with a
  // `Failure`: a refusal (`NOT_NOW`, `INVALID`, ...), the carrier's answer, `TIMEOUT`, `LINK_LOST` or `ENDED`.

  /** Picks up. Deadline 10 s. */
  answer() {
    return this.#hub.command(() => host.answer());
  }

  /**
   * Rings the number that was originally called and bridges it in. `CALL_UNANSWERED` leaves the call as it was.
   * @param {number} ringTimeS 1 to 120, and the deadline.
   */
  connect(ringTimeS) {
    return this.#hub.command(() => host.connect(ringTimeS));
  }

  /** From then on only the number's subscriber hears this handler. Deadline 10 s. */
  whisper() {
    return this.#hub.command(() => host.whisper());
  }

  /** From then on both parties hear this handler. Deadline 10 s. */
  barge() {
    return this.#hub.command(() => host.barge());
  }

  /** From then on nobody hears this handler. Deadline 10 s. */
  spy() {
    return this.#hub.command(() => host.spy());
  }

  /** Ends the call for everyone. Deadline 10 s. */
  disconnect() {
    return this.#hub.command(() => host.disconnect());
  }

  /** Leaves the call: connected parties stay connected, else the call ends. Returning from the handler does the same. */
  close() {
    return this.#hub.command(() => host.close());
  }

  /**
   * Ends the call for everyone, whatever its state: before `connected` a carrier may take no `disconnect`, and `close` ends
   * such a call too.
   */
  async hangUp() {
    try {
      return await this.disconnect();
    } catch (error) {
      if (!Failure.is(error, INVALID_COMMAND) || this.state === "connected") throw error;
      return this.close();
    }
  }

  /** Rings another number and bridges it in, where the carrier can. @param {string} to @param {number} ringTimeS */
  transfer(to, ringTimeS) {
    return this.#hub.command(() => host.transfer(to, ringTimeS));
  }

  /** Sends keys out of band, where the carrier can. @param {string} digits */
  sendDigits(digits) {
    return this.#hub.command(() => host.sendDigits(digits));
  }

  // What is heard and what happens. A stream has what comes from its making on; what nobody streams is not kept.

  /** The audio that is heard, all channels. Two seconds wait for a reader, then the oldest are dropped and counted. */
  audio() {
    return this.#hub.audio();
  }

  /**
   * Events that nothing else takes: keys, warnings, errors of the call, marks and timers of your own making, `ended` as the
   * last. 256 wait, then the oldest are dropped and counted.
   */
  events() {
    return this.#hub.events();
  }

  /**
   * The keys that the caller presses, in band (DTMF tones on channel 0) or signalled: `0` to `9`, `*`, `#`, `A` to `D`. 32 wait
   * for a reader, then the oldest are dropped. It listens until it is closed.
   *
   * Where the legs of a connected call are heard apart, `channel` 1 has the caller's keys alone, and 2 the callee's.
   * @param {{ channel?: number }} [options]
   */
  keys({ channel = 0 } = {}) {
    return this.#hub.keys(channel);
  }

  /** Resolves when somebody speaks (on channel 0, from now on), about 50 ms after they began. @param {Abortable} [options] */
  async speech({ signal } = {}) {
    const voice = new Voice(this.sampleRateHz);
    let deaf = () => false;
    const spoken = new Promise((resolve) => {
      deaf = this.#hub.listen((frame) => {
        if (frame.channel !== 0 || !voice.hear(frame.pcm)) return;
        this.#hub.woken = true;
        resolve(undefined);
      });
    });
    const over = this.ended.then(() => Promise.reject(ended()));
    over.catch(() => {});
    try {
      await until(Promise.race([spoken, over]), signal);
    } finally {
      deaf();
    }
  }

  /** Resolves when the call is over, with the reason: `terminated`, `closed`, `voice-lost`, ... */
  get ended() {
    return this.#hub.end;
  }

  // Speaking.

  /**
   * Queues audio, all or nothing, without waiting. Throws `FULL`, `NOT_NOW` before the answer, `ENDED`, `INVALID`.
   * @param {Pcm} pcm
   */
  play(pcm) {
    return queue(this.#bare(pcm));
  }

  /**
   * Says audio of any length. Resolves when it was heard: true, or taken back by `clear`: false. Utterances take turns.
   * Aborted while it speaks, it falls silent.
   * @param {Pcm} pcm
   * @param {Abortable} [options]
   * @returns {Promise<boolean>}
   */
  say(pcm, { signal } = {}) {
    return this.#utter(this.#bare(pcm), signal, () => this.#hub.heard());
  }

  /**
   * Queues audio of any length, at most a second ahead. Resolves when all of it is queued: true, or it was told to be silent
   * before that: false. Aborted, what was queued is cleared.
   * @param {Pcm} pcm
   * @param {Abortable} [options]
   * @returns {Promise<boolean>}
   */
  playAll(pcm, { signal } = {}) {
    return this.#utter(this.#bare(pcm), signal, async () => true);
  }

  /**
   * Says a prompt and waits for a key: until the prompt is over, and `patienceMs` longer. A key silences the prompt, and so
   * does one that was pressed before and not taken.
   * @param {Pcm} prompt
   * @param {{ keys: Stream<string>, patienceMs: number, signal?: AbortSignal }} options
   * @returns {Promise<string | null>} The key; null: none came.
   */
  async ask(prompt, { keys, patienceMs, signal }) {
    const pressed = keys.poll();
    if (pressed !== undefined) return pressed;
    const first = await race(
      {
        key: (signal) => keys.read({ signal }),
        silence: async (signal) => {
          await this.say(prompt, { signal });
          await sleep(patienceMs, { signal });
          return null;
        },
      },
      { signal },
    );
    return first.value;
  }

  /** Resolves when everything queued so far was heard: true, or cleared: false. @param {Abortable} [options] */
  async heard({ signal } = {}) {
    return until(this.#hub.heard(), signal);
  }

  /** Falls silent: drops what is queued, and stops what the carrier plays. @returns {Ledger} */
  clear() {
    return this.#hub.clear();
  }

  /** What became of the audio so far, in samples. @returns {Ledger} */
  get position() {
    return playout.position();
  }

  // What is known of it.

  /** What was known when it began. @returns {CallInfo} */
  get info() {
    return this.#hub.info;
  }

  /** Samples a second, of what is heard and of what is said. */
  get sampleRateHz() {
    return this.#hub.info.audio.sampleRateHz;
  }

  /** `pending`, `answered`, `connected` or `ended`, as the host has it at this moment. */
  get state() {
    return host.state();
  }

  /** Whether the carrier supports a command or an extra, by its name in the contract. @param {string} what */
  can(what) {
    return host.capabilities().includes(what);
  }

  /** @param {Pcm} pcm @returns {Int16Array | Uint8Array} */
  #bare(pcm) {
    return pcm instanceof Prompt ? pcm.at(this.sampleRateHz) : pcm;
  }

  /**
   * @param {Int16Array | Uint8Array} pcm
   * @param {AbortSignal | undefined} signal
   * @param {() => Promise<boolean>} finish
   */
  async #utter(pcm, signal, finish) {
    aborted(signal);
    const over = await this.#hub.turn();
    let off = () => {};
    try {
      aborted(signal);
      if (this.#hub.reason !== undefined) throw ended();
      // Given up: silent at once, before whoever gave it up goes on.
      off = onAbort(signal, () => this.#hub.clear());
      const whole = (await this.#queueAll(pcm, signal)) && (await until(finish(), signal));
      return whole || silenced();
    } finally {
      off();
      over();
    }
  }

  /** Whether all of it was taken before somebody cleared. @param {Int16Array | Uint8Array} pcm @param {AbortSignal} [signal] */
  async #queueAll(pcm, signal) {
    const unit = 2 / pcm.BYTES_PER_ELEMENT;
    const samples = Math.ceil(pcm.length / unit);
    const perMs = Math.ceil(this.sampleRateHz / 1_000);
    const aheadMax = PLAY_AHEAD_MS * perMs;
    const { clears } = this.#hub;
    const { dropped } = this.position;
    let [taken, pieceMax] = [0, aheadMax];
    while (taken < samples) {
      const now = this.position;
      if (this.#hub.clears !== clears || now.dropped !== dropped) return false;
      const piece = Math.min(pieceMax, aheadMax - now.queued, samples - taken);
      if (piece <= 0) {
        await until(this.#hub.low(aheadMax / 2), signal);
        continue;
      }
      try {
        queue(pcm.subarray(taken * unit, (taken + piece) * unit));
        taken += piece;
      } catch (error) {
        if (!Failure.is(error, FULL)) throw error;
        if (now.queued > 0) await until(this.#hub.low(Math.ceil(now.queued / 2)), signal);
        else if (pieceMax > PIECE_MS_MIN * perMs) pieceMax = Math.floor(pieceMax / 2);
        else throw error;
      }
    }
    return true;
  }
}

/** @param {Int16Array | Uint8Array} pcm @returns {Ledger} */
function queue(pcm) {
  return asked(() => (pcm instanceof Int16Array ? playout.playSamples(pcm) : playout.play(pcm)));
}

/** The end of the call clears too, and is told before its event comes. */
function silenced() {
  if (host.state() === "ended") throw ended();
  return false;
}

/**
 * A promise, or the rejection when the signal is aborted before.
 * @template T
 * @param {Promise<T>} promise
 * @param {AbortSignal} [signal]
 * @returns {Promise<T>}
 */
function until(promise, signal) {
  if (!signal) return promise;
  aborted(signal);
  return new Promise((resolve, reject) => {
    const off = onAbort(signal, reject);
    const done = (/** @type {Function} */ settle) => (/** @type {any} */ value) => (off(), settle(value));
    promise.then(done(resolve), done(reject));
  });
}
