import assert from "node:assert/strict";
import test from "node:test";
import { Prompt } from "switchhook-guest";
import { Caller } from "switchhook-guest/testing";
import hours from "../../prompts/menu-hours.wav";
import unanswered from "../../prompts/menu-unanswered.wav";
import welcome from "../../prompts/menu-welcome.wav";
import menu from "./main.js";

const at = (file, report) => report.heardAtMs(new Prompt(file).at(report.sampleRateHz));

test("one connects and leaves the parties alone", async () => {
  for (const rateHz of [8_000, 16_000, 24_000]) {
    const report = await new Caller().sampleRateHz(rateHz).hearsOut().presses("1").run(menu);
    assert.deepEqual([report.failure, report.end], [undefined, "closed"]);
    assert.deepEqual(report.commands, ["answer", "connect 20", "close"]);
    assert.deepEqual(at(welcome, report), [0]);
  }
});

test("nobody there is said", async () => {
  const caller = new Caller().configured("ring_time_s", "7").nobodyAnswers();
  const report = await caller.hearsOut().presses("1").run(menu);
  assert.deepEqual(report.commands, ["answer", "connect 7", "close"]);
  assert.equal(at(unanswered, report).length, 1);
});

test("two tells the hours and asks again", async () => {
  const report = await new Caller().presses("2").hearsOut().hearsOut().presses("1").run(menu);
  assert.deepEqual(report.commands, ["answer", "connect 20", "close"]);
  assert.ok(at(welcome, report).at(-1) > at(hours, report)[0]);
});

test("another failure is the operator's business", async () => {
  const report = await new Caller().presses("1").answers("connect", 500, "BUSY").run(menu);
  assert.equal(report.failure, "BUSY");
});

test("a hang-up at any moment ends it well", async () => {
  for (let ms = 0; ms < 20_000; ms += 777) {
    const caller = new Caller().presses("5").waitsMs(4_000).presses("2").waitsMs(4_000).presses("1").nobodyAnswers();
    const report = await caller.givesUpAfterMs(ms).run(menu);
    assert.deepEqual([report.failure, report.timersLeft], [undefined, 0], `${ms}`);
  }
});
