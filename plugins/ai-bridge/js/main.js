//! ai-bridge: the caller talks with a realtime voice model.
//!
//! The model is reached while it rings, and the call is answered when it is ready. The key to it is put in by the host.

import { ENDED, Failure, Socket, VOICE_LOST, config, http, log, race, sleep, timeout } from "switchhook-guest";
import { Gemini, OpenAI } from "./dialects.js";
import { Playback } from "./playback.js";
import { Inward, Outward } from "./sound.js";

const DIALECTS = { openai: OpenAI, gemini: Gemini };
/** For a model to be ready, ms. */
const READY_MS_MAX = 10_000;
/** How often a session may go on over another socket. */
const RESUMES_MAX = 100;
/** For the goodbye to be heard, ms. */
const GOODBYE_MS_MAX = 30_000;
/** A model that shall say goodbye and says nothing for so long has said it, ms. */
const GOODBYE_QUIET_MS = 4_000;
/** Audio goes to the host in pieces of this length, ms. */
const PIECE_MS = 100;
/** Audio of an answer that waits here, s. What is more is not said. */
const ANSWER_S_MAX = 180;
/** For an answer of the tools' host, ms. */
const TOOL_MS_MAX = 15_000;

const NOTHING = { type: "object", properties: {} };
const TOOLS = [
  {
    name: "hang_up",
    description: "Ends the call. Call this when the conversation is over; then say goodbye.",
    parameters: NOTHING,
  },
  {
    name: "connect_person",
    description: "Rings a person and connects the caller. Say first that it takes a moment.",
    parameters: NOTHING,
  },
];

export default async function aiBridge(call) {
  const name = config.get("dialect", "openai");
  const Dialect = DIALECTS[name];
  if (!Dialect) throw new Failure("INVALID", `no dialect is called ${name}`);
  const model = config.get("model", Dialect.model);
  const wanted = {
    model,
    voice: config.get("voice"),
    instructions: config.get("instructions", ""),
    greeting: config.get("greeting"),
    tools: [...TOOLS, ...JSON.parse(config.get("tools", "[]"))],
    rateHz: call.sampleRateHz,
  };
  const url = config.get("url", Dialect.url).replace("{model}", model);
  const bridge = new Bridge(call, new Dialect(wanted), url);
  await bridge.open();
  await call.answer();
  await bridge.talk();
  await bridge.close();
  await call.close();
}

/** What the caller says goes to the model, what the model says is played, and whoever speaks interrupts. */
class Bridge {
  #call;
  #dialect;
  #url;
  /** @type {Socket} */
  #socket;
  /** While the session changes sockets. @type {Promise<unknown> | undefined} */
  #moves;
  /** The model will leave soon; how often it did. */
  #leaves = false;
  #resumes = 0;
  #inward;
  #outward;
  /** What the model said and the host does not have yet. @type {Int16Array[]} */
  #queue = [];
  #queued = 0;
  #speaking = false;
  #more = () => {};
  #playback;
  #leaving = false;
  /** Tools under way, by their ids. @type {Map<string, AbortController>} */
  #tools = new Map();
  #over;
  #isOver = new Promise((resolve) => (this.#over = resolve));

  constructor(call, dialect, url) {
    [this.#call, this.#dialect, this.#url] = [call, dialect, url];
    this.#playback = new Playback(() => call.position);
    this.#inward = new Inward(call.sampleRateHz, dialect.hears);
    this.#outward = new Outward(dialect.speaks, call.sampleRateHz);
  }

  /** Waits until the model is ready. */
  async open() {
    this.#socket = await Socket.open(this.#url);
    await this.#greet(this.#dialect.hello());
  }

  /** Closes the session; what was sent before leaves first. */
  async close() {
    this.#socket.close();
    await this.#socket.whenClosed();
  }

  /** Goes on with the same session over another socket. Whether it does. */
  async #resume() {
    this.#leaves = false;
    const hello = this.#resumes < RESUMES_MAX && this.#dialect.resume?.();
    if (!hello) return false;
    this.#resumes += 1;
    const before = this.#socket;
    try {
      this.#socket = await Socket.open(this.#url);
    } catch (error) {
      if (!(error instanceof Failure) || error.code === ENDED) throw error;
      log.warn(`the session cannot go on over another socket: ${error.code}`);
      return false;
    }
    before.close();
    // What was under way is not coming any more.
    this.#playback.isWhole();
    await this.#greet(hello);
    log.info("the session goes on over another socket");
    return true;
  }

  /** The same; what the caller says meanwhile waits. */
  async #moved() {
    let there = () => {};
    this.#moves = new Promise((resolve) => (there = () => resolve(undefined)));
    try {
      return await this.#resume();
    } finally {
      this.#moves = undefined;
      there();
    }
  }

  async #greet(hello) {
    try {
      await timeout(READY_MS_MAX, (signal) => this.#greeted(hello, signal));
    } catch (error) {
      throw error.name === "TimeoutError" ? new Failure("TIMEOUT", "the model is not ready") : error;
    }
  }

  async #greeted(hello, signal) {
    await this.#send(hello);
    for (;;) {
      for (const heard of await this.#next(signal)) {
        if (heard.is === "ready") return;
        if (heard.is === "trouble") throw new Failure("MODEL_REFUSED", heard.what);
      }
    }
  }

  /** To the end of the conversation: its goodbye was heard, or a person is connected. */
  async talk() {
    const { hears, speaks } = this.#dialect;
    const rates = `hears ${hears.rateHz} Hz and speaks ${speaks.rateHz} Hz`;
    log.info(`the model ${rates}; the call has ${this.#call.sampleRateHz} Hz`);
    await this.#send(this.#dialect.begin());
    const { name } = await race({
      listen: (signal) => this.#listen(signal),
      speak: (signal) => this.#speak(signal),
      read: (signal) => this.#read(signal),
      watch: (signal) => this.#watch(signal),
      connected: () => this.#isOver,
    });
    for (const tool of this.#tools.values()) tool.abort();
    log.info(`over: ${name}`);
  }

  async #send(messages) {
    for (const message of messages) await this.#socket.send(JSON.stringify(message));
  }

  /** What the next message means. Rejects when the model is gone. */
  async #next(signal) {
    try {
      const message = await this.#socket.read({ signal });
      const text = typeof message === "string" ? message : new TextDecoder().decode(message);
      return this.#dialect.hear(JSON.parse(text));
    } catch (error) {
      if (!this.#socket.closed || !Failure.is(error, ENDED)) throw error;
      throw new Failure("MODEL_LOST", `the model is gone: ${this.#socket.closed.reason}`);
    }
  }

  async #listen(signal) {
    const frames = this.#call.audio();
    try {
      for (;;) {
        const { channel, pcm } = await frames.read({ signal });
        await this.#moves;
        if (channel !== 0 || this.#socket.closed) continue;
        // What a socket that is behind does not take is late already.
        this.#socket.trySend(JSON.stringify(this.#dialect.audio(this.#inward.take(pcm))));
      }
    } finally {
      frames.close();
    }
  }

  async #watch(signal) {
    const events = this.#call.events();
    try {
      for (;;) {
        const { tag, val } = await events.read({ signal });
        if (tag === "warning" && val.code === VOICE_LOST) this.#playback.broke();
      }
    } finally {
      events.close();
    }
  }

  async #speak(signal) {
    const piece = (this.#call.sampleRateHz * PIECE_MS) / 1_000;
    for (;;) {
      while (this.#queue.length === 0) await new Promise((resolve) => (this.#more = () => resolve(undefined)));
      const first = this.#queue[0];
      const part = first.subarray(0, piece);
      if (part.length === first.length) this.#queue.shift();
      else this.#queue[0] = first.subarray(piece);
      this.#queued -= part.length;
      this.#speaking = true;
      await this.#call.playAll(part, { signal });
      this.#speaking = false;
    }
  }

  async #read(signal) {
    for (;;) {
      let meant;
      try {
        meant = await this.#next(signal);
      } catch (error) {
        if (!Failure.is(error, "MODEL_LOST")) throw error;
        if (!this.#leaving && (await this.#moved())) continue;
        if (!this.#leaving && this.#socket.closed?.code !== 1_000) throw error;
        return this.#heardOut();
      }
      for (const heard of meant) if (await this.#heard(heard)) return this.#heardOut();
      // Between two answers nothing is lost.
      if (this.#leaves && !this.#leaving && !this.#playback.comes()) await this.#moved();
    }
  }

  /** Whether it is over. */
  async #heard(heard) {
    switch (heard.is) {
      case "audio":
        this.#says(heard.data);
        break;
      case "interrupted":
        await this.#interrupted();
        break;
      case "done":
        this.#push(this.#outward.finish());
        this.#playback.isWhole();
        return this.#leaving;
      case "asks":
        log.info(`the model asks for ${heard.name}`);
        this.#run(heard).catch((error) => this.#over(Promise.reject(error)));
        break;
      case "withdraws":
        for (const id of heard.ids) this.#tools.get(id)?.abort();
        break;
      case "leaves":
        this.#leaves = true;
        break;
      case "trouble":
        log.warn(`the model says: ${heard.what}`);
    }
    return false;
  }

  #says(data) {
    const samples = this.#outward.take(data);
    if (this.#queued + samples.length > ANSWER_S_MAX * this.#call.sampleRateHz) {
      log.warn(`an answer is longer than ${ANSWER_S_MAX} s: the rest is not said`);
      return;
    }
    this.#playback.begins();
    this.#push(samples);
  }

  #push(samples) {
    if (samples.length === 0) return;
    this.#queue.push(samples);
    this.#queued += samples.length;
    this.#playback.came(samples.length);
    this.#more();
  }

  /** The caller speaks: silence at once, and the model is told what can have been heard. */
  async #interrupted() {
    if (!this.#playback.sounds()) return;
    [this.#queue, this.#queued] = [[], 0];
    this.#call.clear();
    this.#outward.finish();
    const heardMs = Math.floor((this.#playback.cleared() * 1_000) / this.#call.sampleRateHz);
    log.info(`interrupted: ${heardMs} ms of the answer were heard`);
    await this.#send(this.#dialect.cut(heardMs));
  }

  /** Does what the model asks for, and tells it what came of it. */
  async #run(asked) {
    const controller = new AbortController();
    this.#tools.set(asked.id, controller);
    let outcome;
    try {
      outcome = await this.#outcome(asked);
      if (asked.name === "connect_person") return this.#over();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (Failure.is(error, ENDED)) return;
      log.info(`${asked.name} failed with ${error.code}`);
      outcome = { error: error.code, message: error.message };
    }
    this.#tools.delete(asked.id);
    if (controller.signal.aborted || this.#socket.closed) return;
    await this.#send(this.#dialect.result(asked, outcome));
    if (asked.name !== "hang_up") return;
    this.#leaving = true;
    // A model that has nothing to say is not waited for.
    for (let pushed = -1; pushed !== this.#playback.pushed; ) {
      pushed = this.#playback.pushed;
      await sleep(GOODBYE_QUIET_MS).catch(() => {});
    }
    this.#over();
  }

  async #outcome(asked) {
    const url = config.get("tool_url");
    if (asked.name === "hang_up") return { ok: true, next: "say goodbye" };
    if (asked.name === "connect_person") return this.#call.connect(config.number("ring_time_s", 20));
    if (!url) throw new Failure("NOT_SUPPORTED", `there is no tool ${asked.name}`);
    const { id, caller, callee } = this.#call.info;
    const body = JSON.stringify({ name: asked.name, arguments: asked.arguments, call: { id, caller, callee } });
    const headers = { "content-type": "application/json" };
    try {
      return await timeout(TOOL_MS_MAX, async (signal) => {
        const answer = await http.request(url, { method: "POST", headers, body, signal });
        if (answer.status >= 300) throw new Failure("HTTP", `the answer has the status ${answer.status}`);
        return answer.json();
      });
    } catch (error) {
      throw error.name === "TimeoutError" ? new Failure("TIMEOUT", "no answer in time") : error;
    }
  }

  /** Waits until all that was said was heard: a mark behind it tells. */
  async #heardOut() {
    const drained = async (signal) => {
      while (this.#queue.length > 0 || this.#speaking) await sleep(50, { signal });
      await this.#call.heard({ signal });
    };
    await timeout(GOODBYE_MS_MAX, drained).catch((error) => {
      if (error.name !== "TimeoutError") throw error;
      log.info("the goodbye takes too long");
    });
  }
}
