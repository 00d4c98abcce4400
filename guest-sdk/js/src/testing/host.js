//! The host of a simulated call: virtual time, which passes only in `next`.

import { bytes, samples } from "../audio/pcm.js";
import { kit } from "./kit.js";
import { Peers, refuse } from "./peers.js";
import { Placing } from "./placing.js";

/** @import { Caller, Step } from "./caller.js" */

/** The pace of the line, ms. */
const FRAME_MS = 20;
/** After so much silence what was said is over, ms. */
const QUIET_MS = 60;
const TIMERS_MAX = 256;
const MARKS_MAX = 1_024;

/** Which commands are legal in which state, and where success leads. @type {Record<string, Record<string, string>>} */
const LEGAL = {
  answer: { pending: "answered" },
  connect: { pending: "connected", answered: "connected" },
  whisper: { connected: "connected" },
  barge: { connected: "connected" },
  spy: { connected: "connected" },
  disconnect: { pending: "ended", answered: "ended", connected: "ended" },
  close: { pending: "ended", answered: "ended", connected: "ended" },
};

export class Host {
  nowMs = 0;
  state = "pending";
  /** @type {string | undefined} */
  reason;
  /** @type {string[]} */
  begun = [];
  /** @type {number[]} */
  heard = [];
  /** @type {[string, string][]} */
  log = [];
  /** @type {Record<string, number>} */
  recordings = {};
  /** @type {{ id: number, atMs: number, everyMs: number }[]} */
  timers = [];

  /** @type {any[]} */
  #inbox = [];
  /** @type {{ atMs: number, event: any, then?: () => void }[]} */
  #later = [];
  /** @type {{ id: number, name: string, atMs: number, result: any, to: string }[]} */
  #open = [];
  #names = 0;
  /** @type {Int16Array[]} */
  #queue = [];
  #queued = 0;
  #sent = 0;
  #dropped = 0;
  #low = 0;
  /** @type {{ name: string, at: number }[]} */
  #marks = [];
  /** Where in `heard` the last played sample stands. */
  #playedTo = 0;
  /** @type {number | undefined} */
  #openedMs;
  #frames = 0;
  #over = false;
  #responses;
  /** @type {Step[]} */
  #script;
  #said = 0;
  /** @type {number | undefined} */
  #since;
  #heardBefore = 0;
  /** @type {{ reference: string, sinceMs: number } | undefined} */
  #recording;

  /** @param {Caller} caller */
  constructor(caller) {
    this.rateHz = caller.info.audio.sampleRateHz;
    this.caller = caller;
    this.#script = caller.script.map((step) => step(this.rateHz));
    this.#responses = structuredClone(caller.responses);
    this.peers = new Peers(caller.sockets, caller.requests, caller.memory, (afterMs, event) => {
      this.#later.push({ atMs: this.nowMs + afterMs, event });
    });
    this.placing = new Placing(caller.plans, (afterMs, event, then) => {
      this.#later.push({ atMs: this.nowMs + afterMs, event, then });
    });
    this.interfaces = this.#interfaces();
  }

  /** @param {string} reason */
  end(reason) {
    if (this.state === "ended") return;
    this.state = "ended";
    this.reason = reason;
    const late = { tag: "err", val: { code: "ENDED", message: "the call is over" } };
    for (const { id, name, result, to } of this.#open.splice(0)) {
      const value = to === "ended" ? result : late;
      this.#inbox.push({ tag: "outcome", val: { command: id, name, value } });
    }
    this.#clear();
    this.timers = [];
    if (this.#recording) this.#stop();
    this.#inbox.push({ tag: "ended", val: reason });
  }

  /** @param {number} [limitMs] */
  #next(limitMs = Infinity) {
    const untilMs = this.nowMs + limitMs;
    for (;;) {
      if (this.#over) return { tag: "over" };
      const event = this.#inbox.shift();
      if (event) {
        this.#over = event.tag === "ended";
        return { tag: "event", val: event };
      }
      const atMs = Math.max(this.nowMs, this.#nextMs());
      if (untilMs < atMs) {
        this.#advance(untilMs);
        if (this.#inbox.length === 0) return { tag: "timed-out" };
      } else this.#advance(atMs);
    }
  }

  /** When something happens next: at the latest, the caller gives up. */
  #nextMs() {
    const timers = [...this.timers, ...this.#open, ...this.#later].map(({ atMs }) => atMs);
    const opened = this.#openedMs;
    const frame = opened === undefined ? Infinity : opened + (this.#frames + 1) * FRAME_MS;
    return Math.min(this.caller.givesUpMs, frame, ...timers);
  }

  /** @param {number} nowMs */
  #advance(nowMs) {
    this.nowMs = nowMs;
    this.#play();
    for (const timer of this.timers.filter(({ atMs }) => atMs <= nowMs)) {
      this.#inbox.push({ tag: "timer", val: timer.id });
      timer.atMs += timer.everyMs || Infinity;
    }
    this.timers = this.timers.filter(({ atMs }) => atMs < Infinity);
    for (const { event, then } of this.#later.filter(({ atMs }) => atMs <= nowMs)) {
      this.#inbox.push(event);
      then?.();
    }
    this.#later = this.#later.filter(({ atMs }) => atMs > nowMs);
    for (const open of this.#open.filter(({ atMs }) => atMs <= nowMs)) this.#finish(open);
    if (this.#openedMs !== undefined && nowMs >= this.#openedMs + (this.#frames + 1) * FRAME_MS) this.#frame();
    if (nowMs >= this.caller.givesUpMs) this.end("terminated");
  }

  /** @param {{ id: number, name: string, result: any, to: string }} open */
  #finish(open) {
    if (this.state === "ended") return;
    if (open.result.tag === "ok" && open.to === "ended") {
      this.end(open.name === "close" ? "closed" : "disconnected");
      return;
    }
    this.#open.splice(this.#open.indexOf(/** @type {any} */ (open)), 1);
    if (open.result.tag === "ok") {
      this.state = open.to;
      this.#openedMs ??= this.nowMs;
    }
    this.#inbox.push({ tag: "outcome", val: { command: open.id, name: open.name, value: open.result } });
  }

  /** What the caller hears until now. */
  #play() {
    if (this.#openedMs === undefined || this.state === "ended") return;
    const due = Math.floor(((this.nowMs - this.#openedMs) * this.rateHz) / 1_000);
    while (this.heard.length < due) {
      const first = this.#queue[0];
      if (!first) {
        this.heard.push(0);
        continue;
      }
      this.heard.push(first[0]);
      this.#queue[0] = first.subarray(1);
      if (first.length === 1) this.#queue.shift();
      this.#queued -= 1;
      this.#sent += 1;
      this.#playedTo = this.heard.length;
    }
    this.#tell();
  }

  #tell() {
    while (this.#marks.length > 0 && this.#marks[0].at <= this.#sent + this.#dropped) {
      this.#inbox.push({ tag: "mark", val: { name: this.#marks.shift()?.name, played: true } });
    }
    if (this.#queued < this.#low) {
      this.#low = 0;
      this.#inbox.push({ tag: "playout-low", val: this.#ledger() });
    }
  }

  /** One frame of what the caller says. */
  #frame() {
    this.#frames += 1;
    const frame = new Int16Array((this.rateHz * FRAME_MS) / 1_000);
    for (let at = 0; at < frame.length && this.#follow(); ) {
      const say = this.#script[0].say;
      if (!say) break;
      const part = say.subarray(this.#said, this.#said + frame.length - at);
      frame.set(part, at);
      at += part.length;
      this.#said += part.length;
    }
    if (this.state === "ended") return;
    const atSample = (this.#frames - 1) * frame.length;
    this.#inbox.push({ tag: "audio", val: { channel: 0, atSample, lostSamples: 0, pcm: bytes(frame) } });
  }

  /** Goes on in the script as far as the call stands. Whether there is a step. */
  #follow() {
    for (;;) {
      const step = this.#script[0];
      if (!step || this.state === "ended") return false;
      this.#since ??= this.nowMs;
      const quietMs = ((this.heard.length - this.#playedTo) * 1_000) / this.rateHz;
      const over =
        (step.say && this.#said >= step.say.length) ||
        (step.waitMs !== undefined && this.nowMs >= this.#since + step.waitMs) ||
        (step.untilQuiet && this.#sent > this.#heardBefore && quietMs >= QUIET_MS) ||
        step.happens ||
        step.hangUp;
      if (!over) return true;
      if (step.happens) this.#inbox.push(step.happens);
      if (step.hangUp) this.end("terminated");
      this.#script.shift();
      this.#said = 0;
      this.#since = undefined;
      this.#heardBefore = this.#sent;
    }
  }

  #ledger() {
    return { queued: this.#queued, sent: this.#sent, heard: this.#sent, dropped: this.#dropped, exact: true };
  }

  #clear() {
    this.#dropped += this.#queued;
    this.#queued = 0;
    this.#queue = [];
    for (const { name } of this.#marks.splice(0)) this.#inbox.push({ tag: "mark", val: { name, played: false } });
    return this.#ledger();
  }

  #stop() {
    if (!this.#recording) throw refuse("NOT_NOW", "nothing is recorded");
    this.recordings[this.#recording.reference] = this.nowMs - this.#recording.sinceMs;
    this.#recording = undefined;
  }

  #alive() {
    if (this.state === "ended") throw refuse("ENDED", "the call is over");
  }

  /** @param {string} name @param {string} shown */
  #command(name, shown = name) {
    this.#alive();
    const to = LEGAL[name]?.[this.state];
    if (!LEGAL[name]) throw refuse("NOT_SUPPORTED", `this carrier has no ${name}`);
    if (!to || this.#open.some((open) => open.name === name || open.to === "ended")) {
      throw refuse("NOT_NOW", `${name} is not legal while the call is ${this.state}`);
    }
    const ringMs = name === "connect" ? Number(shown.split(" ")[1]) * 1_000 : Infinity;
    const usual = { afterMs: name === "connect" ? 1_000 : 20, result: { tag: "ok", val: null } };
    const { afterMs, result } = this.#responses[name]?.shift() ?? usual;
    const id = (this.#names += 1);
    this.#open.push({ id, name, atMs: this.nowMs + Math.min(afterMs, ringMs), result, to });
    this.begun.push(shown);
    return id;
  }

  /** @param {Uint8Array} pcm */
  #queuePcm(pcm) {
    this.#alive();
    if (this.state === "pending") throw refuse("NOT_NOW", "the call is not answered");
    if (pcm.length % 2) throw refuse("INVALID", "the audio ends in half a sample");
    if (this.#queued * 2 + pcm.length > this.caller.playoutBytesMax) throw refuse("FULL", "it does not fit");
    if (pcm.length > 0) this.#queue.push(samples(pcm.slice()));
    this.#queued += pcm.length / 2;
    return this.#ledger();
  }

  #granted() {
    if (!this.caller.recordingGranted) throw refuse("NOT_GRANTED", "recording is not granted");
  }

  #interfaces() {
    const command = (/** @type {string} */ name) => [name, () => this.#command(name)];
    const plain = ["answer", "whisper", "barge", "spy", "disconnect", "close"];
    return {
      events: { next: () => this.#next().val ?? null, nextWithin: (/** @type {number} */ ms) => this.#next(ms) },
      call: {
        ...Object.fromEntries(plain.map(command)),
        connect: (/** @type {number} */ ringTimeS) => {
          if (!(ringTimeS >= 1 && ringTimeS <= 120)) throw refuse("INVALID", "the ring time is 1 to 120 s");
          return this.#command("connect", `connect ${ringTimeS}`);
        },
        transfer: () => this.#command("transfer"),
        sendDigits: () => this.#command("send-digits"),
        state: () => this.state,
        capabilities: () => Object.keys(LEGAL),
      },
      playout: {
        play: (/** @type {Uint8Array} */ pcm) => this.#queuePcm(pcm),
        playSamples: (/** @type {Int16Array} */ pcm) => this.#queuePcm(bytes(pcm)),
        mark: (/** @type {string} */ name) => {
          this.#alive();
          if (this.#marks.length >= MARKS_MAX) throw refuse("FULL", "too many marks are pending");
          this.#marks.push({ name, at: this.#sent + this.#dropped + this.#queued });
          this.#tell();
        },
        flush: () => {},
        clear: () => (this.state === "pending" || this.state === "ended" ? this.#ledger() : this.#clear()),
        notifyBelow: (/** @type {number} */ low) => {
          this.#low = low;
          this.#tell();
        },
        position: () => this.#ledger(),
      },
      timers: {
        set: (/** @type {number} */ ms, /** @type {boolean} */ repeat) => {
          this.#alive();
          if (this.timers.length >= TIMERS_MAX) throw refuse("FULL", "too many timers run");
          const id = (this.#names += 1);
          this.timers.push({ id, atMs: this.nowMs + ms, everyMs: repeat ? Math.max(1, ms) : 0 });
          return id;
        },
        cancel: (/** @type {number} */ id) => {
          this.timers = this.timers.filter((timer) => timer.id !== id);
          this.#inbox = this.#inbox.filter(({ tag, val }) => tag !== "timer" || val !== id);
        },
      },
      log: { log: (/** @type {string} */ level, /** @type {string} */ message) => this.log.push([level, message]) },
      config: {
        get: (/** @type {string} */ key) => this.caller.config[key] ?? null,
        all: () => Object.entries(this.caller.config).map(([name, value]) => ({ name, value })),
      },
      recording: {
        start: () => {
          this.#granted();
          this.#alive();
          if (this.#recording) throw refuse("NOT_NOW", "one is being made");
          const reference = `recording-${(this.#names += 1)}`;
          this.#recording = { reference, sinceMs: this.nowMs };
          return reference;
        },
        stop: () => (this.#granted(), this.#stop()),
        play: (/** @type {string} */ reference) => {
          this.#granted();
          if (!(reference in this.recordings)) throw refuse("INVALID", "there is no such recording");
          this.#queuePcm(new Uint8Array(Math.floor((this.recordings[reference] * this.rateHz) / 1_000) * 2));
        },
        delete: (/** @type {string} */ reference) => {
          this.#granted();
          if (!delete this.recordings[reference]) throw refuse("INVALID", "there is no such recording");
        },
      },
      ...this.peers.interfaces(),
      ...this.placing.interfaces(),
      "audio-kit": kit(),
    };
  }
}
