import assert from "node:assert/strict";
import test from "node:test";
import { Playback } from "./playback.js";

/** A playback, and what stands in the ledger when it is asked. */
function played() {
  const ledger = { sent: 0, heard: 0 };
  const set = (sent, heard) => Object.assign(ledger, { sent, heard });
  return { playback: new Playback(() => ledger), set };
}

/** All of an answer comes at once. */
function says(playback, samples) {
  playback.begins();
  playback.came(samples);
}

test("an answer is heard from its own beginning", () => {
  const { playback, set } = played();
  says(playback, 2_000);
  set(900, 700);
  assert.equal(playback.cleared(), 700);
  says(playback, 500);
  set(1_200, 850);
  assert.equal(playback.cleared(), 150);
  assert.equal(playback.sounds(), false);
});

test("what a broken voice had not played is a gap", () => {
  for (const [sent, heard, reached] of [[900, 700, 700], [1_400, 1_000, 1_200]]) {
    const { playback, set } = played();
    says(playback, 2_000);
    set(900, 700);
    playback.broke();
    set(sent, heard);
    assert.equal(playback.cleared(), reached);
  }
});

test("it may break again, and the next answer begins behind all that", () => {
  const { playback, set } = played();
  says(playback, 2_000);
  for (const [sent, heard] of [[900, 700], [1_200, 800], [1_200, 800]]) {
    set(sent, heard);
    playback.broke();
  }
  playback.isWhole();
  set(2_000, 1_599);
  assert.ok(playback.sounds());
  set(2_000, 1_600);
  assert.equal(playback.sounds(), false);
  says(playback, 500);
  set(2_300, 1_700);
  assert.equal(playback.cleared(), 100);
});

test("what is lost of the answer before is no gap", () => {
  for (const [sent, heard, reached] of [[600, 300, 0], [900, 350, 150]]) {
    const { playback, set } = played();
    says(playback, 500);
    playback.isWhole();
    says(playback, 1_000);
    set(600, 300);
    playback.broke();
    set(sent, heard);
    assert.equal(playback.cleared(), reached);
  }
});
