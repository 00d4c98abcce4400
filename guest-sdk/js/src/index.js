//! Call handlers in JavaScript: `export default async function (call) { ... }`.

export { Call } from "./call.js";
export { race } from "./abort.js";
export { sleep, timeout } from "./time.js";
export { Stream } from "./stream.js";
export * from "./failure.js";
export { Prompt } from "./audio/prompt.js";
export * as audio from "./audio/index.js";
export * as config from "./config.js";
export * as log from "./log.js";
export * as recording from "./recording.js";
export * as calls from "./calls.js";
export * as http from "./http.js";
export * as kit from "./kit.js";
export * as store from "./store.js";
export { Socket } from "./socket.js";
