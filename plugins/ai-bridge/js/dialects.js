//! What the models speak: each dialect turns messages into what they mean and back, and knows nothing of calls.
//!
//! What a message means is a list of `{ is: "ready" | "audio" | "interrupted" | "done" | "asks" | "withdraws" | "trouble", ... }`. A
//! dialect drops audio that belongs to an answer which was interrupted.

const STALE_MAX = 8;

const decode = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

function encode(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 4_096) text += String.fromCharCode(...bytes.subarray(at, at + 4_096));
  return btoa(text);
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** At 8000 Hz both sides speak mu-law, at 24000 Hz PCM: nothing is resampled. At 16000 Hz each way is resampled once. */
export class OpenAI {
  static model = "gpt-realtime";
  static url = "wss://api.openai.com/v1/realtime?model={model}";

  #wanted;
  #ready = false;
  #answer = "";
  #item = "";
  #stale = [];
  /** Told when the answer is whole, since no other can begin before. */
  #asked = [];

  constructor(wanted) {
    this.#wanted = wanted;
    this.hears = this.speaks = wanted.rateHz === 8_000 ? { rateHz: 8_000, mulaw: true } : { rateHz: 24_000 };
  }

  hello() {
    const { voice, instructions, tools } = this.#wanted;
    const format = this.hears.mulaw ? { type: "audio/pcmu" } : { type: "audio/pcm", rate: this.hears.rateHz };
    const detection = { type: "server_vad", create_response: true, interrupt_response: true };
    const session = {
      type: "realtime",
      instructions,
      output_modalities: ["audio"],
      audio: { input: { format, turn_detection: detection }, output: voice ? { format, voice } : { format } },
      tools: tools.map((tool) => ({ type: "function", ...tool })),
      tool_choice: "auto",
    };
    return [{ type: "session.update", session }];
  }

  hear(message) {
    switch (message.type) {
      case "session.updated":
        if (this.#ready) return [];
        this.#ready = true;
        return [{ is: "ready" }];
      case "response.output_audio.delta":
      case "response.audio.delta":
        if (this.#stale.includes(message.response_id)) return [];
        [this.#answer, this.#item] = [message.response_id, message.item_id];
        return [{ is: "audio", data: decode(message.delta) }];
      case "input_audio_buffer.speech_started":
        if (this.#answer) this.#stale = [...this.#stale, this.#answer].slice(-STALE_MAX);
        this.#answer = "";
        return [{ is: "interrupted" }];
      case "response.function_call_arguments.done": {
        const { call_id: id, name } = message;
        this.#asked.push({ is: "asks", id, name, arguments: parsed(message.arguments) });
        return [];
      }
      case "response.done": {
        const [asked, { status, status_details }] = [this.#asked.splice(0), message.response];
        const trouble = status === "failed" ? [{ is: "trouble", what: JSON.stringify(status_details) }] : [];
        return status === "cancelled" ? [] : [...trouble, { is: "done" }, ...asked];
      }
      case "error":
        return [{ is: "trouble", what: message.error.message }];
      default:
        return [];
    }
  }

  audio(bytes) {
    return { type: "input_audio_buffer.append", audio: encode(bytes) };
  }

  begin() {
    const { greeting } = this.#wanted;
    const instructions = `Greet the caller with these words: ${greeting}`;
    return greeting ? [{ type: "response.create", response: { instructions } }] : [];
  }

  cut(heardMs) {
    return [{ type: "conversation.item.truncate", item_id: this.#item, content_index: 0, audio_end_ms: heardMs }];
  }

  result({ id }, outcome) {
    const item = { type: "function_call_output", call_id: id, output: JSON.stringify(outcome) };
    return [{ type: "conversation.item.create", item }, { type: "response.create" }];
  }
}

/** The model hears any rate that is named, and speaks at 24000 Hz. It keeps account of interruptions by itself. */
export class Gemini {
  static model = "gemini-2.5-flash-native-audio-preview-09-2025";
  static url =
    "wss://generativelanguage.googleapis.com/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent";

  #wanted;
  /** An answer was interrupted and is not whole. */
  #stale = false;
  /** By which the session can go on over another socket. @type {string | undefined} */
  #handle;

  constructor(wanted) {
    this.#wanted = wanted;
    [this.hears, this.speaks] = [{ rateHz: wanted.rateHz }, { rateHz: 24_000 }];
  }

  hello() {
    const { model, voice, instructions, tools } = this.#wanted;
    const speechConfig = voice && { voiceConfig: { prebuiltVoiceConfig: { voiceName: voice } } };
    const functionDeclarations = tools.map(({ name, description, parameters: parametersJsonSchema }) => ({
      name,
      description,
      parametersJsonSchema,
    }));
    const setup = {
      model: model.includes("/") ? model : `models/${model}`,
      generationConfig: { responseModalities: ["AUDIO"], ...(speechConfig && { speechConfig }) },
      systemInstruction: { parts: [{ text: instructions }] },
      tools: [{ functionDeclarations }],
      sessionResumption: this.#handle ? { handle: this.#handle } : {},
    };
    return [{ setup }];
  }

  /** What is sent over another socket, when the session can go on there. */
  resume() {
    this.#stale = false;
    return this.#handle && this.hello();
  }

  hear({ setupComplete, toolCall, toolCallCancellation, serverContent, sessionResumptionUpdate, goAway }) {
    if (setupComplete) return [{ is: "ready" }];
    if (sessionResumptionUpdate?.newHandle) this.#handle = sessionResumptionUpdate.newHandle;
    if (goAway) return [{ is: "leaves" }];
    if (toolCall) {
      return toolCall.functionCalls.map(({ id, name, args }) => ({ is: "asks", id, name, arguments: args ?? {} }));
    }
    if (toolCallCancellation) return [{ is: "withdraws", ids: toolCallCancellation.ids }];
    const heard = [];
    if (serverContent?.interrupted) {
      this.#stale = true;
      heard.push({ is: "interrupted" });
    }
    for (const { inlineData } of serverContent?.modelTurn?.parts ?? []) {
      if (inlineData && !this.#stale) heard.push({ is: "audio", data: decode(inlineData.data) });
    }
    if (serverContent?.turnComplete) {
      if (!this.#stale) heard.push({ is: "done" });
      this.#stale = false;
    }
    return heard;
  }

  audio(bytes) {
    const mimeType = `audio/pcm;rate=${this.#wanted.rateHz}`;
    return { realtimeInput: { audio: { data: encode(bytes), mimeType } } };
  }

  begin() {
    const { greeting } = this.#wanted;
    const text = `Greet the caller with these words: ${greeting}`;
    return greeting ? [{ clientContent: { turns: [{ role: "user", parts: [{ text }] }], turnComplete: true } }] : [];
  }

  cut() {
    return [];
  }

  result({ id, name }, outcome) {
    return [{ toolResponse: { functionResponses: [{ id, name, response: { result: outcome } }] } }];
  }
}
