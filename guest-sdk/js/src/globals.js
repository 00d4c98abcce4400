//! What a JavaScript programmer takes for granted and the engine lacks: `console`, `setTimeout`, `AbortController`,
//! `TextEncoder`, `atob`. Only as much as handlers need, and only where it is missing.

import * as log from "#host/log";
import { sleep } from "./time.js";

/** Host functions cannot be called while the component is built. */
let built = false;

/** A call is served from now on. */
export function running() {
  built = true;
}

/** @param {any} value */
function shown(value) {
  if (typeof value === "string") return value;
  if (value instanceof Error) return `${value}\n${value.stack ?? ""}`.trimEnd();
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}

/** @param {"trace" | "debug" | "info" | "warn" | "error"} level */
const writes = (level) => (/** @type {any[]} */ ...values) => {
  if (built) log.log(level, values.map(shown).join(" "));
};

/** Timers of the web, by the host's. A period is counted from one run to the next. */
/** @type {Map<number, AbortController>} */
const timers = new Map();
let timerNames = 0;

/** @param {boolean} repeat */
const starts = (repeat) => (/** @type {Function} */ run, ms = 0, /** @type {any[]} */ ...given) => {
  const id = (timerNames += 1);
  const controller = new AbortController();
  timers.set(id, controller);
  (async () => {
    do {
      await sleep(Math.max(repeat ? 1 : 0, ms), { signal: controller.signal });
      if (!repeat) timers.delete(id);
      run(...given);
    } while (repeat && timers.has(id));
  })().catch((error) => {
    timers.delete(id);
    if (!controller.signal.aborted && error.code !== "ENDED") throw error;
  });
  return id;
};

/** @param {number} id */
function stops(id) {
  timers.get(id)?.abort();
  timers.delete(id);
}

class AbortSignalPart {
  aborted = false;
  /** @type {any} */
  reason = undefined;
  /** @type {Set<Function>} */
  #listeners = new Set();

  /** @param {string} kind @param {Function} listener */
  addEventListener(kind, listener) {
    if (kind === "abort") this.#listeners.add(listener);
  }

  /** @param {string} kind @param {Function} listener */
  removeEventListener(kind, listener) {
    if (kind === "abort") this.#listeners.delete(listener);
  }

  throwIfAborted() {
    if (this.aborted) throw this.reason;
  }

  /** @param {any} reason */
  abort(reason) {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason ?? Object.assign(new Error("this was aborted"), { name: "AbortError" });
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener({ type: "abort", target: this });
  }

  /** @param {any} [reason] */
  static abort(reason) {
    const signal = new AbortSignalPart();
    signal.abort(reason);
    return signal;
  }

  /** @param {Iterable<AbortSignalPart>} signals */
  static any(signals) {
    const joint = new AbortSignalPart();
    for (const signal of signals) {
      if (signal.aborted) joint.abort(signal.reason);
      else signal.addEventListener("abort", () => joint.abort(signal.reason));
    }
    return joint;
  }

  /** @param {number} ms */
  static timeout(ms) {
    const signal = new AbortSignalPart();
    const late = () => signal.abort(Object.assign(new Error(`${ms} ms are over`), { name: "TimeoutError" }));
    sleep(ms).then(late, () => {});
    return signal;
  }
}

class AbortControllerPart {
  #signal = new AbortSignalPart();

  get signal() {
    return this.#signal;
  }

  /** @param {any} [reason] */
  abort(reason) {
    this.#signal.abort(reason);
  }
}

class TextEncoderPart {
  /** @param {string} text */
  encode(text = "") {
    const escaped = encodeURIComponent(text.toWellFormed());
    const bytes = [];
    for (let at = 0; at < escaped.length; at += 1) {
      if (escaped[at] === "%") bytes.push(parseInt(escaped.slice(at + 1, (at += 2) + 1), 16));
      else bytes.push(escaped.charCodeAt(at));
    }
    return Uint8Array.from(bytes);
  }
}

/** UTF-8, as lenient as the web's: what is malformed becomes U+FFFD. */
class TextDecoderPart {
  /** @param {Uint8Array} bytes */
  decode(bytes = new Uint8Array()) {
    let text = "";
    for (let at = 0; at < bytes.length; ) {
      const lead = bytes[at];
      at += 1;
      const more = lead < 0x80 ? 0 : lead >= 0xf0 && lead < 0xf5 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc2 ? 1 : -1;
      let code = more < 0 || lead >= 0xf5 ? -1 : more === 0 ? lead : lead & (0x3f >> more);
      for (let index = 0; code >= 0 && index < more; index += 1, at += 1) {
        if ((bytes[at] & 0xc0) !== 0x80) code = -1;
        else code = (code << 6) | (bytes[at] & 0x3f);
        if (code < 0) break;
      }
      const least = [0, 0x80, 0x800, 0x10000][Math.max(0, more)];
      const whole = code >= least && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
      text += whole ? String.fromCodePoint(code) : "\ufffd";
    }
    return text;
  }
}

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** @param {string} binary */
function btoaPart(binary) {
  let text = "";
  for (let at = 0; at < binary.length; at += 3) {
    const [a, b, c] = [0, 1, 2].map((next) => binary.charCodeAt(at + next));
    text += DIGITS[a >> 2] + DIGITS[((a & 3) << 4) | (b >> 4)];
    text += at + 1 < binary.length ? DIGITS[((b & 15) << 2) | (c >> 6)] : "=";
    text += at + 2 < binary.length ? DIGITS[c & 63] : "=";
  }
  return text;
}

/** @param {string} text */
function atobPart(text) {
  let binary = "";
  let [bits, held] = [0, 0];
  for (const digit of text.replace(/[\s=]/g, "")) {
    const value = DIGITS.indexOf(digit);
    if (value < 0) throw Object.assign(new Error("this is no base64"), { name: "InvalidCharacterError" });
    held = (held << 6) | value;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      binary += String.fromCharCode((held >> bits) & 255);
    }
  }
  return binary;
}

const [trace, debug, info, warn, error] = /** @type {const} */ (["trace", "debug", "info", "warn", "error"]).map(writes);
const missing = {
  console: { trace, debug, log: info, info, warn, error },
  setTimeout: starts(false),
  setInterval: starts(true),
  clearTimeout: stops,
  clearInterval: stops,
  queueMicrotask: (/** @type {() => void} */ run) => void Promise.resolve().then(run),
  AbortController: AbortControllerPart,
  AbortSignal: AbortSignalPart,
  TextEncoder: TextEncoderPart,
  TextDecoder: TextDecoderPart,
  btoa: btoaPart,
  atob: atobPart,
};
for (const [name, value] of Object.entries(missing)) {
  if (!(name in globalThis)) Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
}
