import assert from "node:assert/strict";
import test from "node:test";
import { Caller } from "switchhook-guest/testing";

const NAMES = ["TextEncoder", "TextDecoder", "atob", "btoa", "AbortController", "AbortSignal", "console"];
NAMES.push("setTimeout", "setInterval", "clearTimeout", "clearInterval", "queueMicrotask");

/** Runs a test with what the package puts in the place of Node's own globals. */
async function without(run) {
  const own = Object.fromEntries(NAMES.map((name) => [name, globalThis[name]]));
  for (const name of NAMES) delete globalThis[name];
  const { running } = await import(`../src/globals.js?${Math.random()}`);
  const made = Object.fromEntries(NAMES.map((name) => [name, globalThis[name]]));
  for (const name of NAMES) Object.defineProperty(globalThis, name, { value: own[name], writable: true, configurable: true });
  await run(made, running);
}

test("text and base64 are coded as the web does", () =>
  without(async (made) => {
    const [encoder, decoder] = [new made.TextEncoder(), new made.TextDecoder()];
    for (const text of ["", "plain", "grün € 😀", "\ud800 alone", "a%20b", "\u0000\u007f\u0080\u07ff\u0800\uffff"]) {
      assert.deepEqual(encoder.encode(text), new TextEncoder().encode(text), text);
      assert.equal(decoder.decode(encoder.encode(text)), new TextDecoder().decode(encoder.encode(text)), text);
    }
    for (const bad of [[0xff], [0xc3], [0x41, 0x80, 0x42], [0xed, 0xa0, 0x80, 0x41]]) {
      const text = decoder.decode(Uint8Array.from(bad));
      assert.ok(text.includes("\ufffd"), `${bad}`);
    }
    for (const text of ["", "a", "ab", "abc", String.fromCharCode(0, 255, 128, 7)]) {
      assert.equal(made.btoa(text), btoa(text));
      assert.equal(made.atob(made.btoa(text)), text);
    }
    assert.throws(() => made.atob("?"), { name: "InvalidCharacterError" });
  }));

test("timers and signals run on the call's time, and the console writes to its log", () =>
  without(async (made, running) => {
    const seen = [];
    const report = await new Caller().run(async (call) => {
      running();
      await call.answer();
      made.setTimeout((word) => seen.push(word), 50, "once");
      made.clearTimeout(made.setTimeout(() => seen.push("never"), 60));
      const every = made.setInterval(() => seen.push("again"), 40);
      const late = made.AbortSignal.timeout(100);
      await new Promise((resolve) => late.addEventListener("abort", resolve));
      made.clearInterval(every);
      seen.push(late.reason.name, made.AbortSignal.any([late]).aborted);
      made.console.log("a", { b: 1 });
      await new Promise((resolve) => made.queueMicrotask(resolve));
    });
    assert.deepEqual(seen, ["again", "once", "again", "TimeoutError", true]);
    assert.deepEqual(report.log, [["info", 'a {"b":1}']]);
    assert.equal(report.timersLeft, 0);
  }));
