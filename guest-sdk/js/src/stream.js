//! What comes in, for any number of readers, each with a bounded queue of its own.

import { ended } from "./failure.js";
import { aborted, onAbort } from "./abort.js";

/**
 * One reader's queue: an async iterator that ends with the call.
 * @template T
 * @implements {AsyncIterableIterator<T>}
 */
export class Stream {
  /** @type {T[]} */
  #queue = [];
  /** @type {{ resolve: (item: T | undefined) => void }[]} */
  #waiting = [];
  #weight = 0;
  #over = false;
  #weigh;
  #weightMax;
  #loses;
  #forget;
  #full;
  /** Items that were dropped because this stream was not read in time. */
  dropped = 0;

  /**
   * @param {object} rule
   * @param {number} rule.weightMax
   * @param {(item: T) => number} [rule.weigh]
   * @param {(lost: T, next: T) => boolean} [rule.loses] Tells the next item of a loss. Whether it took it upon itself.
   * @param {(stream: Stream<T>) => void} rule.forget
   * @param {() => void} [rule.full] What happens when an item does not fit. Unless given, the oldest is dropped.
   */
  constructor({ weightMax, weigh = () => 1, loses = () => false, forget, full }) {
    this.#full = full;
    this.#weightMax = weightMax;
    this.#weigh = weigh;
    this.#loses = loses;
    this.#forget = forget;
  }

  /**
   * The next item. Rejects with `ENDED` after the end of the call, and with the signal's reason when that is aborted.
   * @param {{ signal?: AbortSignal }} [options]
   * @returns {Promise<T>}
   */
  async read({ signal } = {}) {
    aborted(signal);
    const { value, done } = await this.#take(signal);
    if (done) throw ended();
    return value;
  }

  /** The next item, if one waits. */
  poll() {
    const item = this.#queue.shift();
    if (item !== undefined) this.#weight -= this.#weigh(item);
    return item;
  }

  /** @returns {Promise<IteratorResult<T, undefined>>} */
  next() {
    return this.#take();
  }

  /** Ends this stream: what `break` out of `for await` does. */
  close() {
    this.#over = true;
    this.#queue = [];
    this.#forget(this);
    this.#release();
  }

  /** @returns {Promise<IteratorResult<T, undefined>>} */
  async return() {
    this.close();
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  /**
   * One more item. Whether somebody waited for it.
   * @param {T} item
   */
  push(item) {
    const reader = this.#waiting.shift();
    if (reader) {
      reader.resolve(item);
      return true;
    }
    const weight = this.#weigh(item);
    if (this.#full && this.#weight + weight > this.#weightMax) {
      this.#full();
      return false;
    }
    while (this.#queue.length > 0 && this.#weight + weight > this.#weightMax) {
      const lost = /** @type {T} */ (this.#queue.shift());
      this.#weight -= this.#weigh(lost);
      this.dropped += 1;
      this.#queue.some((next) => this.#loses(lost, next)) || this.#loses(lost, item);
    }
    this.#weight += weight;
    this.#queue.push(item);
    return false;
  }

  /** Nothing more will come; what waits can still be read. */
  end() {
    this.#over = true;
    this.#release();
  }

  #release() {
    for (const reader of this.#waiting.splice(0)) reader.resolve(undefined);
  }

  /**
   * @param {AbortSignal} [signal]
   * @returns {Promise<IteratorResult<T, undefined>>}
   */
  #take(signal) {
    const item = this.poll();
    if (item !== undefined) return Promise.resolve({ value: item, done: false });
    if (this.#over) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve, reject) => {
      const reader = {
        /** @param {T | undefined} item */
        resolve: (item) => {
          off();
          resolve(item === undefined ? { value: undefined, done: true } : { value: item, done: false });
        },
      };
      const off = onAbort(signal, (reason) => {
        this.#waiting.splice(this.#waiting.indexOf(reader), 1);
        reject(reason);
      });
      this.#waiting.push(reader);
    });
  }
}
