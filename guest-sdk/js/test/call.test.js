import assert from "node:assert/strict";
import test from "node:test";
import { ENDED, FULL, Failure, audio, race, recording, sleep, timeout } from "switchhook-guest";
import { Caller } from "switchhook-guest/testing";

const TONE = audio.tone(440, 0.3, 16_000, 600);

test("an echo in five lines", async () => {
  const report = await new Caller().says(TONE).waitsMs(100).hangsUp().run(async (call) => {
    await call.answer();
    for await (const { channel, pcm } of call.audio()) {
      if (channel === 0) call.play(pcm);
    }
  });
  assert.deepEqual([report.failure, report.end, report.commands], [undefined, "terminated", ["answer"]]);
  assert.equal(report.heardAtMs(TONE).length, 1);
});

test("a refusal is an exception with a code, and a bug is the test's", async () => {
  const report = await new Caller().run((call) => call.play(TONE));
  assert.equal(report.failure, "NOT_NOW");
  await assert.rejects(new Caller().run(() => null.nothing), TypeError);
});

test("a prompt yields to a key, and the key is given", async () => {
  let key;
  const report = await new Caller().waitsMs(200).presses("7").run(async (call) => {
    await call.answer();
    const keys = call.keys();
    key = await call.ask(TONE, { keys, patienceMs: 1_000 });
    await sleep(1_000);
  });
  assert.equal(key, "7");
  assert.deepEqual(report.heardAtMs(TONE), []);
  assert.equal(report.timersLeft, 0);
});

test("no key in time is null", async () => {
  const keys = [];
  await new Caller().run(async (call) => {
    await call.answer();
    const pressed = call.keys();
    keys.push(await call.ask(TONE, { keys: pressed, patienceMs: 500 }));
    keys.push(await call.ask(TONE, { keys: pressed, patienceMs: 0 }));
  });
  assert.deepEqual(keys, [null, null]);
});

test("utterances take turns, and clearing takes back the one that speaks", async () => {
  const said = [];
  const report = await new Caller().run(async (call) => {
    await call.answer();
    const two = Promise.all([call.say(TONE), call.say(TONE)]);
    await sleep(100);
    call.clear();
    said.push(...(await two));
  });
  assert.deepEqual(said, [false, true]);
  assert.deepEqual(report.heardAtMs(TONE), [100]);
});

test("what is longer than the playout goes in as it leaves", async () => {
  const long = audio.tone(300, 0.3, 16_000, 5_000);
  const caller = new Caller();
  caller.playoutBytesMax = 6_400;
  const report = await caller.run(async (call) => {
    await call.answer();
    assert.equal(await call.say(long), true);
  });
  assert.deepEqual(report.heardAtMs(long), [0]);
});

test("the end of the call rejects what waits, and streams end", async () => {
  const seen = [];
  const report = await new Caller().waitsMs(300).hangsUp().run(async (call) => {
    await call.answer();
    const noticed = (name) => (error) => seen.push([name, error.code]);
    const waits = [sleep(60_000).catch(noticed("sleep")), call.keys().read().catch(noticed("key"))];
    waits.push(call.say(audio.tone(440, 0.3, 16_000, 9_000)).catch(noticed("say")), call.speech().catch(noticed("speech")));
    for await (const event of call.events()) seen.push(event.tag);
    await Promise.all(waits);
    seen.push(await call.ended);
    await call.connect(5);
  });
  assert.deepEqual(seen.filter((entry) => Array.isArray(entry)).map(([name]) => name).sort(), ["key", "say", "sleep", "speech"]);
  assert.ok(seen.every((entry) => !Array.isArray(entry) || entry[1] === ENDED));
  assert.deepEqual(seen.filter((entry) => typeof entry === "string"), ["ended", "terminated"]);
  assert.equal(report.failure, undefined, "a handler that gave up because the call is over has ended well");
});

test("a handler that waits for what never comes ends with its call", async () => {
  const report = await new Caller().hangsUp().run(async (call) => {
    await call.answer();
    await new Promise(() => {});
  });
  assert.deepEqual([report.failure, report.end], [undefined, "terminated"]);
});

test("a race tells who was first and stops the others", async () => {
  const order = [];
  await new Caller().run(async (call) => {
    await call.answer();
    const first = await race({
      slow: (signal) => sleep(500, { signal }).catch((error) => order.push(error.name)),
      quick: () => sleep(50).then(() => 7),
    });
    order.push(first);
    await assert.rejects(timeout(20, (signal) => sleep(90, { signal })), { name: "TimeoutError" });
    assert.equal(await timeout(90, async () => 3), 3);
  });
  assert.deepEqual(order, [{ name: "quick", value: 7 }, "AbortError"]);
});

test("streams and their queues are bounded", async () => {
  await new Caller().waitsMs(5_000).hangsUp().run(async (call) => {
    await call.answer();
    const late = call.audio();
    await sleep(3_000);
    const first = await late.read();
    assert.ok(late.dropped > 40 && first.lostSamples > 12_000, `${late.dropped} ${first.lostSamples}`);
    for (let more = 1; more < 16; more += 1) call.audio();
    assert.throws(() => call.audio(), (error) => Failure.is(error, FULL));
    late.close();
    call.audio();
  });
});

test("recordings need their grant", async () => {
  const handler = async (call) => {
    await call.answer();
    const reference = recording.start("heard");
    await sleep(400);
    recording.stop();
    return reference;
  };
  assert.equal((await new Caller().run(handler)).failure, "NOT_GRANTED");
  assert.deepEqual(Object.values((await new Caller().grantsRecording().run(handler)).recordings), [400]);
});
