//! Other hosts and a memory, as a simulated call's handler meets them: what the test says, since nobody is really there.

/** How long an answer takes, ms. */
const USUAL_MS = 20;

/**
 * What the other side of a socket says: to the opening (undefined), and to each message.
 * @typedef {(heard: string | Uint8Array | undefined) => (string | Uint8Array)[]} Say
 */
/** @typedef {{ status: number, body: Uint8Array, headers: Record<string, string> }} Answer */

/** @param {string} code @param {string} message */
export function refuse(code, message) {
  return Object.assign(new Error(message), { payload: { code, message } });
}

/** Those of one call. */
export class Peers {
  /** What the handler sent over sockets. @type {(string | Uint8Array)[]} */
  sent = [];
  /** Its requests. @type {{ method: string, url: string, body: Uint8Array }[]} */
  asked = [];
  /** @type {Map<number, Say>} */
  #open = new Map();
  #ids = 0;
  #sockets;
  #answers;
  #memory;
  #later;

  /**
   * @param {Record<string, Say>} sockets
   * @param {Record<string, Answer>} answers
   * @param {Map<string, Uint8Array> | undefined} memory
   * @param {(afterMs: number, event: any) => void} later
   */
  constructor(sockets, answers, memory, later) {
    this.#sockets = sockets;
    this.#answers = answers;
    this.#memory = memory;
    this.#later = later;
  }

  /** @param {number} socket @param {string | Uint8Array} [heard] */
  #say(socket, heard) {
    for (const said of this.#open.get(socket)?.(heard) ?? []) {
      const payload = { tag: typeof said === "string" ? "text" : "binary", val: said };
      this.#later(USUAL_MS, { tag: "socket-message", val: { socket, payload } });
    }
  }

  /** The functions of the contract. */
  interfaces() {
    const keys = () => {
      if (!this.#memory) throw refuse("NOT_GRANTED", "key_value is not granted");
      return this.#memory;
    };
    const same = (/** @type {Uint8Array | undefined} */ one, /** @type {Uint8Array | null} */ other) =>
      one === undefined || other === null ? one === undefined && other === null : `${one}` === `${other}`;
    return {
      websocket: {
        open: (/** @type {string} */ url) => {
          if (!this.#sockets[url]) throw refuse("NOT_GRANTED", "the test names no such socket");
          const socket = (this.#ids += 1);
          this.#open.set(socket, this.#sockets[url]);
          this.#later(USUAL_MS, { tag: "socket-open", val: socket });
          this.#say(socket);
          return socket;
        },
        send: (/** @type {number} */ socket, /** @type {any} */ { val }) => {
          if (!this.#open.has(socket)) throw refuse("NOT_NOW", "the socket is not open");
          this.sent.push(val);
          this.#say(socket, val);
        },
        close: (/** @type {number} */ socket, /** @type {number} */ code, /** @type {string} */ reason) => {
          if (!this.#open.delete(socket)) return;
          this.#later(USUAL_MS, { tag: "socket-closed", val: { socket, code, reason } });
        },
      },
      http: {
        request: (/** @type {string} */ method, /** @type {string} */ url, /** @type {any} */ _headers, /** @type {Uint8Array} */ body) => {
          const answer = this.#answers[url];
          if (!answer) throw refuse("NOT_GRANTED", "the test names no such host");
          this.asked.push({ method, url, body });
          const request = (this.#ids += 1);
          const headers = Object.entries(answer.headers).map(([name, value]) => ({ name, value }));
          this.#later(USUAL_MS, { tag: "http-head", val: { request, status: answer.status, headers } });
          this.#later(USUAL_MS, { tag: "http-body", val: { request, data: answer.body } });
          this.#later(USUAL_MS, { tag: "http-end", val: { request, value: { tag: "ok", val: undefined } } });
          return request;
        },
        cancel: () => {},
      },
      "key-value": {
        get: (/** @type {string} */ key) => keys().get(key) ?? null,
        set: (/** @type {string} */ key, /** @type {Uint8Array} */ value) => void keys().set(key, value),
        delete: (/** @type {string} */ key) => void keys().delete(key),
        compareAndSet: (
          /** @type {string} */ key,
          /** @type {Uint8Array | null} */ expected,
          /** @type {Uint8Array} */ value,
        ) => {
          const there = same(keys().get(key), expected);
          if (there) keys().set(key, value);
          return there;
        },
      },
    };
  }
}
