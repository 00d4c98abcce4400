//! How much of an answer can have been heard, by the ledger.
//!
//! An answer begins behind all that was queued before, less what will never be heard: it was cleared, or the voice broke. What a
//! broken voice had not played is a gap in the answer: the caller did not hear it, and is behind it as soon as more is heard.

/** @typedef {{ begin: number, length: number, whole: boolean, passed: number, gapAt: number, gap: number }} Answer */

/** All in samples. */
export class Playback {
  /** What ever came. */
  pushed = 0;
  /** What of it will never be heard. */
  #gone = 0;
  /** What the ledger has sent and was never heard. */
  #lost = 0;
  /** @type {Answer | undefined} */
  #answer;
  #position;

  /** @param {() => { sent: bigint | number, heard: bigint | number }} position */
  constructor(position) {
    this.#position = position;
  }

  /** Audio of an answer comes, the next one or the present. */
  begins() {
    if (this.#answer && !this.#answer.whole) return;
    this.#answer = { begin: this.pushed - this.#gone, length: 0, whole: false, passed: 0, gapAt: 0, gap: 0 };
  }

  /** @param {number} samples */
  came(samples) {
    this.pushed += samples;
    if (this.#answer) this.#answer.length += samples;
  }

  isWhole() {
    if (this.#answer) this.#answer.whole = true;
  }

  /** Whether more of an answer is to come. */
  comes() {
    return this.#answer !== undefined && !this.#answer.whole;
  }

  /** Whether there is an answer that was not heard to its end. */
  sounds() {
    const answer = this.#answer;
    return answer !== undefined && (!answer.whole || this.#reached(answer) < answer.length);
  }

  /** Everything was cleared: how much of the answer was heard. */
  cleared() {
    const reached = this.#answer ? this.#reached(this.#answer) : 0;
    this.#gone = this.pushed - Number(this.#position().heard);
    this.#lost = this.#unheard();
    this.#answer = undefined;
    return reached;
  }

  /** The voice broke: what was sent and not heard never will be. */
  broke() {
    const lost = this.#unheard();
    const samples = lost - this.#lost;
    this.#lost = lost;
    this.#gone += samples;
    const answer = this.#answer;
    if (!answer) return;
    const heard = Number(this.#position().heard);
    // What came before the answer is lost first.
    const before = Math.min(Math.max(0, answer.begin - heard), samples);
    answer.begin -= before;
    const at = Math.max(0, heard - answer.begin);
    if (at > answer.gapAt) {
      answer.passed += answer.gap;
      [answer.gapAt, answer.gap] = [at, 0];
    }
    answer.gap += samples - before;
  }

  #unheard() {
    const { sent, heard } = this.#position();
    return Number(sent) - Number(heard);
  }

  /** How far the caller is in it. @param {Answer} answer */
  #reached({ begin, length, passed, gapAt, gap }) {
    const heard = Math.max(0, Number(this.#position().heard) - begin);
    return Math.min(length, heard + passed + (heard > gapAt ? gap : 0));
  }
}
