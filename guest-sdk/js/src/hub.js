//! Where each event finds whoever awaits it. An instance serves one call, so there is one.

import * as playout from "#host/playout";
import * as timers from "#host/timers";
import { Detector } from "./audio/dtmf.js";
import { FULL, Failure, asked, ended, failureOf } from "./failure.js";
import { AUDIO_QUEUE_MS_MAX, EVENT_QUEUE_MAX, KEYS_MAX, STREAMS_MAX, UTTERANCES_MAX } from "./limits.js";
import { Stream } from "./stream.js";

/** @import { AudioFrame, CallInfo, Event } from "./contract.js" */

/** Marks of this layer begin so, and are shown to nobody. */
const MARK = "switchhook.heard.";

/**
 * Somebody who waits for one thing. A rejection that nobody looks at is no error of the handler.
 * @template T
 */
class Waiter {
  constructor() {
    /** @type {Promise<T>} */
    this.promise = new Promise((resolve, reject) => Object.assign(this, { resolve, reject }));
    this.promise.catch(() => {});
  }
}

/** @type {Hub | undefined} */
let hub;

/** The call that is served. */
export function current() {
  if (!hub) throw new Error("no call is served: this belongs into a handler, not beside it");
  return hub;
}

/** @param {Hub | undefined} next */
export function serve(next) {
  hub = next;
}

export class Hub {
  /** Why the call ended, once it did. @type {string | undefined} */
  reason;
  /** How often this layer cleared the playout. */
  clears = 0;
  /** Whether an event since the last look met somebody who waits for it. */
  woken = true;

  /** @type {Map<number, any>} */
  #commands = new Map();
  /** @type {Map<number, any>} */
  #timers = new Map();
  /** @type {Map<string, any>} */
  #marks = new Map();
  /** @type {any} */
  #low;
  /** @type {any} */
  #end = new Waiter();
  /** @type {Set<Stream<AudioFrame>>} */
  #audio = new Set();
  /** @type {Set<Stream<Event>>} */
  #events = new Set();
  /** @type {Set<Stream<string>>} */
  #keys = new Set();
  /** Whose keys a stream has. @type {WeakMap<Stream<string>, number>} */
  #channels = new WeakMap();
  /** Listeners that keep nothing. @type {Set<(frame: AudioFrame) => void>} */
  #ears = new Set();
  /** The utterances in their order, each the promise of its end. @type {Promise<void>[]} */
  #utterances = [];
  /** @type {Map<string, Map<number, (tag: string, value: any) => void>>} */
  #services = new Map();
  #names = 0;

  /** @param {CallInfo} info */
  constructor(info) {
    this.info = info;
    this.#audioMax = (info.audio.sampleRateHz * AUDIO_QUEUE_MS_MAX) / 1_000;
  }
  #audioMax;

  /** The promise of the call's end, with its reason. */
  get end() {
    return this.#end.promise;
  }

  /**
   * Begins a command; resolves with its outcome's detail.
   * @param {() => number} begin
   * @returns {Promise<any>}
   */
  async command(begin) {
    const id = asked(begin);
    const waiter = new Waiter();
    this.#commands.set(id, waiter);
    return waiter.promise;
  }

  /** @param {number} ms */
  timer(ms) {
    const id = asked(() => timers.set(Math.max(0, Math.ceil(ms)), false));
    const waiter = new Waiter();
    this.#timers.set(id, waiter);
    return { id, fired: waiter.promise };
  }

  /** @param {number} id */
  cancel(id) {
    if (this.#timers.delete(id)) timers.cancel(id);
  }

  /** Resolves when what is queued was heard: true, or cleared: false. @returns {Promise<boolean>} */
  async heard() {
    const name = `${MARK}${(this.#names += 1)}`;
    const waiter = new Waiter();
    this.#marks.set(name, waiter);
    // What is a part of a frame would wait for more otherwise.
    playout.flush();
    try {
      asked(() => playout.mark(name));
      return await waiter.promise;
    } finally {
      this.#marks.delete(name);
    }
  }

  /** Resolves when fewer than so many samples are queued. @param {number} samples @returns {Promise<void>} */
  low(samples) {
    this.#low ??= new Waiter();
    playout.notifyBelow(Math.max(1, samples));
    return this.#low.promise;
  }

  /** Falls silent. Utterances that are being queued take notice. */
  clear() {
    this.clears += 1;
    return playout.clear();
  }

  /** Resolves when it is this utterance's turn, with the function that ends it. @returns {Promise<() => void>} */
  async turn() {
    if (this.#utterances.length >= UTTERANCES_MAX) {
      throw new Failure(FULL, `${UTTERANCES_MAX} utterances wait for their turn`);
    }
    const before = this.#utterances.at(-1);
    let over = () => {};
    const mine = new Promise((resolve) => (over = () => resolve(undefined)));
    this.#utterances.push(mine);
    await before;
    return () => {
      this.#utterances.splice(this.#utterances.indexOf(mine), 1);
      over();
    };
  }

  /** @returns {Stream<AudioFrame>} */
  audio() {
    const weigh = (/** @type {AudioFrame} */ frame) => frame.pcm.byteLength / 2;
    return this.#open("audio", this.#audio, { weightMax: this.#audioMax, weigh, loses: loseFrame });
  }

  /** @returns {Stream<Event>} */
  events() {
    return this.#open("events", this.#events, { weightMax: EVENT_QUEUE_MAX });
  }

  /** Keys that are signalled, or heard in band on a channel. @param {number} channel @returns {Stream<string>} */
  keys(channel) {
    const detector = new Detector(this.info.audio.sampleRateHz);
    const deaf = this.listen((frame) => {
      if (frame.channel !== channel) return;
      for (const key of detector.hear(frame.pcm)) this.woken = keys.push(key) || this.woken;
    });
    const keys = this.#open("keys", this.#keys, { weightMax: KEYS_MAX }, deaf);
    this.#channels.set(keys, channel);
    return keys;
  }

  /** Calls back with each frame, and keeps none. @param {(frame: AudioFrame) => void} ear */
  listen(ear) {
    this.#ears.add(ear);
    return () => this.#ears.delete(ear);
  }

  /**
   * Events of a kind, by the id in them, go to whoever asked for it: sockets, requests.
   * @param {string} kind
   * @param {number} id
   * @param {(tag: string, value: any) => void} take
   */
  follow(kind, id, take) {
    const known = this.#services.get(kind) ?? new Map();
    this.#services.set(kind, known.set(id, take));
    return () => known.delete(id);
  }

  /**
   * @template T
   * @param {string} what
   * @param {Set<Stream<T>>} streams
   * @param {object} rule
   * @param {() => void} [closed]
   * @returns {Stream<T>}
   */
  #open(what, streams, rule, closed = () => {}) {
    if (streams.size >= STREAMS_MAX) {
      closed();
      throw new Failure(FULL, `${STREAMS_MAX} streams of ${what} are open: close some`);
    }
    const forget = () => (streams.delete(stream), closed());
    const stream = new Stream(/** @type {any} */ ({ ...rule, forget }));
    if (this.reason === undefined) streams.add(stream);
    else stream.end();
    return stream;
  }

  /** Gives an event to whoever awaits it. @param {Event} event */
  take(event) {
    if (event.tag === "audio") {
      for (const ear of this.#ears) ear(event.val);
      for (const stream of this.#audio) this.woken = stream.push(event.val) || this.woken;
      return;
    }
    this.woken = true;
    if (!this.#settle(event)) for (const stream of this.#events) stream.push(event);
    if (event.tag === "ended") this.#close(event.val);
  }

  /** Whether somebody in particular waited for it. @param {any} event */
  #settle({ tag, val }) {
    switch (tag) {
      case "outcome": {
        const waiter = this.#commands.get(val.command);
        if (val.value.tag === "ok") waiter?.resolve(val.value.val == null ? null : parsed(val.value.val));
        else waiter?.reject(failureOf(val.value.val));
        return this.#commands.delete(val.command);
      }
      case "timer":
        this.#timers.get(val)?.resolve();
        return this.#timers.delete(val);
      case "mark":
        this.#marks.get(val.name)?.resolve(val.played);
        return val.name.startsWith(MARK);
      case "playout-low": {
        const waiter = this.#low;
        this.#low = undefined;
        waiter?.resolve();
        return waiter !== undefined;
      }
      case "dtmf":
        for (const keys of this.#keys) {
          if ([0, val.channel].includes(this.#channels.get(keys))) keys.push(val.digit);
        }
        return false;
      default: {
        const id = val?.socket ?? val?.request ?? val;
        const take = this.#services.get(tag.split("-")[0])?.get(id);
        take?.(tag, val);
        return take !== undefined;
      }
    }
  }

  /** Outcomes and marks have all come: the host tells them before the end. @param {string} reason */
  #close(reason) {
    this.reason = reason;
    for (const waiter of [...this.#commands.values(), ...this.#timers.values(), ...this.#marks.values()]) {
      waiter.reject(ended());
    }
    this.#low?.resolve();
    for (const stream of [...this.#audio, ...this.#events, ...this.#keys]) stream.end();
    this.#end.resolve(reason);
  }
}

/** @param {AudioFrame} lost @param {AudioFrame} next */
function loseFrame(lost, next) {
  if (lost.channel !== next.channel) return false;
  next.lostSamples += lost.lostSamples + lost.pcm.byteLength / 2;
  return true;
}

/** The carrier's detail is JSON. @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
