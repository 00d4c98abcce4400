// Made from the contract's WIT by `npm run contract`: do not edit.

/** A result that is a value; one that a function answers is returned or thrown. */
export type Result<T, E> = { tag: "ok"; val: T } | { tag: "err"; val: E };

/**
 * Why something was refused or went wrong. `code` is for programs, `message` for people.
 *
 * The host's own codes: `NOT_NOW` (not legal in this state of the call), `NOT_SUPPORTED` (this carrier
 * cannot), `NOT_GRANTED` (the plugin's grants do not cover it), `INVALID` (a bad argument), `FULL`
 * (a bounded queue or table is full; nothing was taken), `TIMEOUT` (no answer within the deadline),
 * `LINK_LOST` (the call's socket died before the answer), `ENDED` (the call is over), `STORAGE` (the host's disk
 * failed, is full or did not answer).
 * Carriers add theirs, unchanged: Telcoflow's `CALL_UNANSWERED`, `INVALID_COMMAND` and so on.
 */
export interface Failure {
  code: string;
  message: string;
}

/** A named value: call metadata, a header. */
export interface Field {
  name: string;
  value: string;
}

/**
 * Audio is PCM, signed 16-bit little-endian, mono per channel.
 * `channels` are those that carry audio at some time. 0 is the call: all that is heard, and the only one to speak on.
 * Under `audio_mode = "isolated"` 1 (the caller) and 2 (the callee) carry single legs from `connected` on; channel 0 may
 * then go on as their mix, or fall silent. Audio on other channels may come; two of them are heard, not more.
 */
export interface AudioFormat {
  sampleRateHz: number;
  channels: Uint8Array;
}

/** What is known of the call when the handler starts. */
export interface CallInfo {
  /** Unique within the host. */
  id: string;
  tenant: string;
  /** What brought the call: `telcoflow`. */
  carrier: string;
  /** Numbers as the carrier writes them, usually E.164. */
  caller: string;
  callee: string;
  /** True when the host placed the call. */
  outbound: boolean;
  /** True when an earlier handler instance served this call and was lost. */
  resumed: boolean;
  audio: AudioFormat;
  /** What else the carrier said: `session_id`, `org_uuid`. */
  fields: Field[];
}

/** Names one accepted command until its `outcome`. Unique within the call. */
export type CommandId = number;

/** Names one timer. Unique within the call. */
export type TimerId = number;

/** Names one websocket. Unique within the call. */
export type SocketId = number;

/** Names one http request, or one placed call or begun chat. Unique among its kind within the call. */
export type RequestId = number;

/** Audio that was heard, as the carrier framed it: usually 20 ms. */
export interface AudioFrame {
  channel: number;
  /**
   * Position of the first sample on this channel, in samples since its first audio.
   * Samples that were dropped are counted, so positions are times.
   */
  atSample: number;
  /** Samples dropped just before this frame because the handler was more than two seconds late. */
  lostSamples: number;
  pcm: Uint8Array;
}

/** A command finished. `ok` may carry the carrier's JSON detail. */
export interface Outcome {
  command: CommandId;
  name: string;
  value: Result<string | null, Failure>;
}

/** A mark was reached (`played`), or dropped by `clear` or the end of the call. */
export interface Mark {
  name: string;
  played: boolean;
}

/** A key that was signalled out of band. */
export interface Dtmf {
  digit: string;
  channel: number;
}

/** What became of the audio that `play` took, in samples. `sent + queued + dropped` is all that was taken. */
export interface Ledger {
  /** Waits in the host. */
  queued: number;
  /** Left the host. */
  sent: number;
  /** The best estimate of what the other side has heard: never above `sent`, never faster than real time. */
  heard: number;
  /** Removed by `clear` before it left. */
  dropped: number;
  /** True when the carrier itself confirmed `heard`. */
  exact: boolean;
}

export type Payload =
  | { tag: "text"; val: string }
  | { tag: "binary"; val: Uint8Array };

export interface SocketMessage {
  socket: SocketId;
  payload: Payload;
}

export interface SocketClosed {
  socket: SocketId;
  code: number;
  reason: string;
}

export interface HttpHead {
  request: RequestId;
  status: number;
  headers: Field[];
}

export interface HttpBody {
  request: RequestId;
  data: Uint8Array;
}

export interface HttpEnd {
  request: RequestId;
  value: Result<undefined, Failure>;
}

/**
 * A call that was placed, or a chat that was begun, came a step further. Each step comes once at the most, in this order:
 * `claimed` (the carrier has a session for it; the detail is its id), `answered` (its handler has answered it; the
 * detail is the carrier's id of the call; never for a chat), then one of `ended` (it was answered, or was a chat, and is
 * over; the detail says why, as `ended` and `closed` do) and `failed` (it never came so far: the carrier's code, such as
 * `CALL_UNANSWERED`, or the host's). The last two are the end of it. Further steps may be added.
 */
export interface PlacedStep {
  request: RequestId;
  step: string;
  value: Result<string, Failure>;
}

/** Everything that can happen to a call. */
export type Event =
  /** Audio was heard. The only event that may be dropped when a handler is late (oldest first, counted). */
  | { tag: "audio"; val: AudioFrame }
  /** A command finished: exactly one for each accepted command. */
  | { tag: "outcome"; val: Outcome }
  | { tag: "mark"; val: Mark }
  | { tag: "dtmf"; val: Dtmf }
  /** The queue fell under the level given to `notify-below`. */
  | { tag: "playout-low"; val: Ledger }
  | { tag: "timer"; val: TimerId }
  | { tag: "socket-open"; val: SocketId }
  | { tag: "socket-message"; val: SocketMessage }
  /** A socket that answered `FULL` takes messages again. */
  | { tag: "socket-writable"; val: SocketId }
  | { tag: "socket-closed"; val: SocketClosed }
  | { tag: "http-head"; val: HttpHead }
  | { tag: "http-body"; val: HttpBody }
  | { tag: "http-end"; val: HttpEnd }
  /** What became of a call or chat that this handler placed. */
  | { tag: "placed"; val: PlacedStep }
  /**
   * Something the handler should know; the call goes on. `VOICE_LOST`: the way to the carrier broke and is being opened
   * again; what was sent and not heard is forgotten, what is queued waits, commands fail with `LINK_LOST`. `VOICE_BACK`: it
   * is open again.
   */
  | { tag: "warning"; val: Failure }
  /** The carrier reported an error of this call; the call goes on. */
  | { tag: "call-error"; val: Failure }
  /**
   * The call is over, and why: `terminated` (somebody hung up), `closed` and `disconnected` (by those commands),
   * `voice-lost`, `session-closed`, `drained`, `host-stopped`, and others.
   * The last event. Return soon: after a grace period the instance is dropped.
   */
  | { tag: "ended"; val: string }
  /** Whatever later versions add: kind and JSON. Ignore what you do not know. */
  | { tag: "other"; val: Field };

/** Names one resampler or detector. Unique within the instance, which may have eight of them: then `FULL`. */
export type ToolId = number;

/** What a voice detector has heard. */
export interface Voice {
  /** Somebody speaks: known 40 to 50 ms after the first loud sample. */
  speaks: boolean;
  /** For how long somebody has spoken in all, ms of audio. */
  spokenMs: number;
  /** For how long nobody has spoken, ms of audio. */
  quietMs: number;
}

/** The two laws of ITU-T G.711. */
export type Law =
  | "mu"
  | "a";

/** Audio with its rate. */
export interface Sound {
  sampleRateHz: number;
  pcm: Uint8Array;
}

export type Waited =
  | { tag: "event"; val: Event }
  /** The time is up; nothing happened. */
  | { tag: "timed-out"; val?: undefined }
  /** `ended` was delivered; nothing will ever come again. */
  | { tag: "over"; val?: undefined };

export type Level =
  | "trace"
  | "debug"
  | "info"
  | "warn"
  | "error";
