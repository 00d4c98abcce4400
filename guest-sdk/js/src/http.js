//! Outgoing HTTP to granted hosts; answers stream. Secrets are added by the host, never by the handler.

import * as host from "#host/http";
import { FULL, Failure, asked, failureOf } from "./failure.js";
import { current } from "./hub.js";
import { ANSWER_QUEUE_BYTES_MAX } from "./limits.js";
import { Stream } from "./stream.js";

/**
 * Sends a request, and resolves with the head of the answer. Rejects with `NOT_GRANTED`, or with why there is no answer.
 * @param {string} url
 * @param {{ method?: string, headers?: Record<string, string>, body?: string | Uint8Array, signal?: AbortSignal }} [options]
 * @returns {Promise<Answer>}
 */
export function request(url, { method = "GET", headers = {}, body = "", signal } = {}) {
  const fields = Object.entries(headers).map(([name, value]) => ({ name, value }));
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  return new Promise((resolve, reject) => {
    const id = asked(() => host.request(method, url, fields, bytes));
    signal?.addEventListener("abort", () => host.cancel(id), { once: true });
    /** @type {Stream<Uint8Array>} */
    const parts = new Stream({
      weightMax: ANSWER_QUEUE_BYTES_MAX,
      weigh: (part) => part.length,
      forget: () => host.cancel(id),
      full: () => {
        off();
        host.cancel(id);
        answer.failure = new Failure(FULL, `more than ${ANSWER_QUEUE_BYTES_MAX} bytes were not read`);
        parts.end();
      },
    });
    const answer = new Answer(parts);
    const off = current().follow("http", id, (tag, value) => {
      if (tag === "http-head") {
        answer.status = value.status;
        for (const { name, value: text } of value.headers) answer.headers.set(name.toLowerCase(), text);
        resolve(answer);
      } else if (tag === "http-body") parts.push(value.data);
      else {
        off();
        if (value.value.tag === "err") reject((answer.failure = failureOf(value.value.val)));
        parts.end();
      }
    });
  });
}

/** The head of an answer, and its body as it comes. */
export class Answer {
  status = 0;
  /** By their names in lower case. @type {Map<string, string>} */
  headers = new Map();
  /** Why the body is not whole. @type {Error | undefined} */
  failure;

  /** @param {Stream<Uint8Array>} body */
  constructor(body) {
    /** The parts of the body: `for await (const part of answer.body)`. */
    this.body = body;
  }

  /** The whole body. Rejects when it broke off. */
  async bytes() {
    /** @type {number[]} */
    const whole = [];
    for await (const part of this.body) for (const byte of part) whole.push(byte);
    if (this.failure) throw this.failure;
    return Uint8Array.from(whole);
  }

  /** The whole body as text. */
  async text() {
    return new TextDecoder().decode(await this.bytes());
  }

  /** The whole body, which is JSON. */
  async json() {
    return JSON.parse(await this.text());
  }
}
