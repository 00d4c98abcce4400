//! Outgoing WebSockets to granted hosts. Secrets are added by the host, never by the handler.

import * as host from "#host/websocket";
import { FULL, Failure, LINK_LOST, asked } from "./failure.js";
import { current } from "./hub.js";
import { SOCKET_QUEUE_BYTES_MAX } from "./limits.js";
import { Stream } from "./stream.js";

/** The closing code of who is sent more than it takes. */
const POLICY = 1_008;

/**
 * One connection: an async iterator of its messages, text as strings and the rest as bytes, that ends when it is closed.
 *
 * ```js
 * const socket = await Socket.open("wss://api.example.com/v1", { headers: { "x-mode": "voice" } });
 * await socket.send(JSON.stringify({ type: "hello" }));
 * for await (const message of socket) ...
 * ```
 */
export class Socket {
  #id;
  /** @type {Stream<string | Uint8Array>} */
  #messages;
  /** @type {(() => void)[]} */
  #writable = [];
  /** Why it is closed, once it is. @type {{ code: number, reason: string } | undefined} */
  closed;

  /**
   * Opens one. Rejects with `NOT_GRANTED` for a host that is not granted, or with why it did not come about: `UNREACHABLE`, `TLS`,
   * `REFUSED`, `TIMEOUT`.
   * @param {string} url
   * @param {{ headers?: Record<string, string> }} [options]
   * @returns {Promise<Socket>}
   */
  static open(url, { headers = {} } = {}) {
    const fields = Object.entries(headers).map(([name, value]) => ({ name, value }));
    return new Promise((resolve, reject) => {
      const id = asked(() => host.open(url, fields));
      const socket = new Socket(id, () => resolve(socket), reject);
    });
  }

  /**
   * @param {number} id
   * @param {() => void} opened
   * @param {(failure: Failure) => void} refused
   */
  constructor(id, opened, refused) {
    this.#id = id;
    this.#messages = new Stream({
      weightMax: SOCKET_QUEUE_BYTES_MAX,
      weigh: (message) => message.length,
      forget: () => {},
      full: () => {
        this.close(POLICY, FULL);
        this.#over(POLICY, `${FULL}: more than ${SOCKET_QUEUE_BYTES_MAX} bytes were not read`);
      },
    });
    const off = current().follow("socket", id, (tag, value) => {
      if (tag === "socket-open") opened();
      else if (tag === "socket-message") {
        if (!this.closed) this.#messages.push(value.payload.val);
      } else if (tag === "socket-closed") {
        off();
        this.#over(value.code, value.reason);
        const [code, ...rest] = value.reason.split(": ");
        refused(rest.length > 0 ? new Failure(code, rest.join(": ")) : new Failure(LINK_LOST, value.reason));
      }
      if (tag !== "socket-message") for (const wake of this.#writable.splice(0)) wake();
    });
  }

  /** What came before can still be read. @param {number} code @param {string} reason */
  #over(code, reason) {
    this.closed ??= { code, reason };
    this.#messages.end();
  }

  /** Sends one message whole, when there is room for it. @param {string | Uint8Array} message */
  async send(message) {
    while (!this.trySend(message)) await this.#news();
  }

  /** The same without waiting. False: there is no room, and nothing was taken. @param {string | Uint8Array} message */
  trySend(message) {
    if (this.closed) throw new Failure(LINK_LOST, "the socket is closed");
    const payload = typeof message === "string" ? { tag: "text", val: message } : { tag: "binary", val: message };
    try {
      asked(() => host.send(this.#id, /** @type {any} */ (payload)));
      return true;
    } catch (error) {
      if (!Failure.is(error, FULL)) throw error;
      return false;
    }
  }

  /** Resolves with why it is closed, once it is: two seconds after `close` at the latest. */
  async whenClosed() {
    while (!this.closed) await this.#news();
    return this.closed;
  }

  /** Resolves when something happens to it. @returns {Promise<void>} */
  #news() {
    return new Promise((resolve) => this.#writable.push(resolve));
  }

  /** Begins to close it. */
  close(code = 1_000, reason = "") {
    host.close(this.#id, code, reason);
  }

  /** The next message. Rejects with `ENDED` when it is closed. @param {{ signal?: AbortSignal }} [options] */
  read(options) {
    return this.#messages.read(options);
  }

  [Symbol.asyncIterator]() {
    return this.#messages;
  }
}
