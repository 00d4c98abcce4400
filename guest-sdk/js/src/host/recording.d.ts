// Made from the contract's WIT by `npm run contract`: do not edit.

/**
 * Starts a recording and answers its reference, which holds for every call of this plugin. It records from the
 * moment of the call. `side` is what is recorded: `heard`, what the handler hears; `said`, what it says; `both` as two
 * channels, heard left and said right; or the `legs` of the call as two channels, channel 1 left and 2 right (until they
 * come apart, channel 0 is left). What is heard is channel 0, and where that carries nothing the legs, mixed. Positions
 * are times from `start` on, with silence where nothing was. What was sent and then cleared before the other side heard
 * it was not said.
 *
 * One at a time: `NOT_NOW` until `stop`. `INVALID` for a side that is none of these, `FULL` when this plugin has as many
 * recordings as it may have, `STORAGE` when the disk takes none, `NOT_SUPPORTED` for the legs of a call whose
 * `audio.channels` has none, `ENDED` after the end of the call.
 *
 * A recording that reaches a limit ends with the warning `FULL`, one whose disk fails or is full with the warning
 * `STORAGE`; what was recorded stays, and the call goes on. On a disk that is too slow parts of it become silence,
 * with the warning `STORAGE` once. When the call or the handler ends, so does the recording, and its file is complete.
 */
export function start(side: string): string;

/**
 * Ends the recording; the file is complete when this returns. `NOT_NOW` when there is none; `STORAGE` when its disk
 * failed, with as much kept as there was.
 */
export function stop(): void;

/**
 * Queues a recording of this plugin for playout, as `play` would: whole, or `FULL`. Two channels are mixed.
 * `INVALID` for a reference that names none, or one of another sample rate; `NOT_NOW` for one that is being made,
 * and where `play` answers it.
 */
export function play(reference: string): void;

/** Removes a recording of this plugin. `INVALID` for a reference that names none; `NOT_NOW` for one that is being made. */
declare function remove(reference: string): void;
export { remove as delete };
