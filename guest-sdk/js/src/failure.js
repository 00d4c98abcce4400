//! Refusals and failures, as exceptions with a code.

/**
 * Why something was refused or went wrong: `code` for programs, `message` for people.
 *
 * The set of codes may grow, and carriers add theirs unchanged: compare with those you know and let the rest pass on.
 * Thrown out of a handler, it hands the call to the operator's fault policy.
 */
export class Failure extends Error {
  /**
   * @param {string} code
   * @param {string} message
   */
  constructor(code, message) {
    super(message);
    this.name = "Failure";
    this.code = code;
  }

  /**
   * Whether an exception is the failure of this code: `catch (error) { if (!Failure.is(error, FULL)) throw error; }`.
   * @param {unknown} error
   * @param {...string} codes
   */
  static is(error, ...codes) {
    return error instanceof Failure && codes.includes(error.code);
  }
}

/** Not legal in this state of the call, or the same command is under way. */
export const NOT_NOW = "NOT_NOW";
/** This carrier cannot do it. */
export const NOT_SUPPORTED = "NOT_SUPPORTED";
/** The plugin's grants do not cover it. */
export const NOT_GRANTED = "NOT_GRANTED";
/** A bad argument. */
export const INVALID = "INVALID";
/** A bounded queue or table is full; nothing was taken. */
export const FULL = "FULL";
/** No answer within the deadline. */
export const TIMEOUT = "TIMEOUT";
/** The call's socket died before the answer. */
export const LINK_LOST = "LINK_LOST";
/** The call is over. */
export const ENDED = "ENDED";
/** The host's disk failed, is full or did not answer. */
export const STORAGE = "STORAGE";
/** A warning: the way to the carrier broke, and the host opens it again. */
export const VOICE_LOST = "VOICE_LOST";
/** A warning: it is open again. */
export const VOICE_BACK = "VOICE_BACK";
/** Telcoflow's: the number that `connect` rang did not pick up. The call is as it was. */
export const CALL_UNANSWERED = "CALL_UNANSWERED";
/** Telcoflow's: not legal where the call stands for the server: `disconnect` before `connected`, perhaps. */
export const INVALID_COMMAND = "INVALID_COMMAND";

/** The call is over. */
export const ended = () => new Failure(ENDED, "the call is over");

/**
 * What a host function answers; its refusal as a `Failure`.
 * @template T
 * @param {() => T} ask
 * @returns {T}
 */
export function asked(ask) {
  try {
    return ask();
  } catch (error) {
    throw failureOf(error);
  }
}

/**
 * A record `failure`, wrapped as the engine wraps it or bare, as an exception. Anything else is left as it is.
 * @param {any} error
 * @returns {Error}
 */
export function failureOf(error) {
  const record = error?.payload ?? error;
  const known = !(record instanceof Error) && typeof record?.code === "string";
  return known ? new Failure(record.code, record.message) : error;
}
