import assert from "node:assert/strict";
import test from "node:test";
import { FULL, INVALID, LINK_LOST, NOT_GRANTED, Socket, audio, calls, http, kit, sleep, store } from "switchhook-guest";
import { Caller } from "switchhook-guest/testing";

const URL = "wss://model.example.com/v1";
const CRM = "https://crm.example.com/";

test("a socket is awaited", async () => {
  const said = [];
  const model = (heard) => (heard === undefined ? ["ready"] : [heard.toUpperCase(), Uint8Array.of(1, 2)]);
  const report = await new Caller().meets(URL, model).run(async () => {
    const socket = await Socket.open(URL, { headers: { "x-mode": "voice" } });
    said.push(await socket.read());
    await socket.send("hello");
    said.push(await socket.read(), await socket.read());
    socket.close();
    assert.deepEqual(await socket.whenClosed(), { code: 1_000, reason: "" });
    assert.throws(() => socket.trySend("late"), { code: LINK_LOST });
  });
  assert.deepEqual([report.failure, said, report.sent], [undefined, ["ready", "HELLO", Uint8Array.of(1, 2)], ["hello"]]);
});

test("a request is awaited", async () => {
  const caller = new Caller().answersRequest(CRM, '{"id": 7}', { status: 201, headers: { "X-Why": "new" } });
  const report = await caller.run(async () => {
    const answer = await http.request(CRM, { method: "POST", body: "hello" });
    assert.deepEqual([answer.status, answer.headers.get("x-why"), await answer.json()], [201, "new", { id: 7 }]);
  });
  assert.equal(report.failure, undefined);
  assert.deepEqual(report.asked, [{ method: "POST", url: CRM, body: new TextEncoder().encode("hello") }]);
});

test("a memory changes only as expected", async () => {
  const report = await new Caller().grantsKeyValue().run(() => {
    assert.equal(store.get("k"), null);
    store.set("k", "v", { ttlS: 60 });
    assert.deepEqual([store.text("k"), store.compareAndSet("k", null, "w")], ["v", false]);
    assert.ok(store.compareAndSet("k", "v", "w"));
    store.delete("k");
    assert.equal(store.text("k"), null);
  });
  assert.equal(report.failure, undefined);
});

test("nothing is granted unless it is named", async () => {
  const report = await new Caller().run(async () => {
    await assert.rejects(Socket.open(URL), { code: NOT_GRANTED });
    await assert.rejects(http.request(CRM), { code: NOT_GRANTED });
    assert.throws(() => store.get("k"), { code: NOT_GRANTED });
  });
  assert.equal(report.failure, undefined);
});

test("a socket that is not read is over, with what came before", async () => {
  const flood = (heard) => (heard === undefined ? [] : Array.from({ length: 5 }, () => "x".repeat(250_000)));
  const read = [];
  const report = await new Caller().meets(URL, flood).run(async () => {
    const socket = await Socket.open(URL);
    await socket.send("more");
    await sleep(200);
    assert.match(socket.closed.reason, /^FULL: more than 1048576 bytes/);
    assert.equal(socket.closed.code, 1_008);
    for await (const message of socket) read.push(message.length);
    assert.throws(() => socket.trySend("late"), { code: LINK_LOST });
  });
  assert.deepEqual([report.failure, read], [undefined, [250_000, 250_000, 250_000, 250_000]]);
});

test("an answer that is not read fails", async () => {
  const report = await new Caller().answersRequest(CRM, "x".repeat((4 << 20) + 1)).run(async () => {
    const answer = await http.request(CRM);
    await sleep(100);
    await assert.rejects(answer.text(), { code: FULL });
  });
  assert.equal(report.failure, undefined);
});

test("what is placed is followed step by step", async () => {
  const caller = new Caller().grantsCalls().placedTalks(2_000, 3_000).placedFails("CALL_UNANSWERED", 500);
  const told = [];
  const report = await caller.run(async () => {
    for await (const { step, detail } of calls.place("+15550142", "survey")) told.push([step, detail]);
    for await (const { step, failure } of calls.place("+15550143", "survey")) told.push([step, failure.code]);
    for await (const { step } of calls.beginChat("+15550144", "chat")) told.push([step]);
    assert.throws(() => calls.place("no number", "survey"), { code: INVALID });
  });
  assert.equal(report.failure, undefined);
  assert.deepEqual(told, [
    ["claimed", "session-1"], ["answered", "call-1"], ["ended", "terminated"],
    ["failed", "CALL_UNANSWERED"],
    ["claimed"], ["ended"],
  ]);
  assert.deepEqual(report.placed.map(({ to, chat }) => [to, chat]), [["+15550142", false], ["+15550143", false], ["+15550144", true]]);
});

test("calls are not placed without the grant", async () => {
  const report = await new Caller().run(() => {
    assert.throws(() => calls.place("+15550142", "survey"), { code: NOT_GRANTED });
  });
  assert.equal(report.failure, undefined);
});

test("the audio kit computes and refuses", async () => {
  const report = await new Caller().run(() => {
    const tone = kit.tones([440], 0.25, 16_000, 1_000);
    assert.equal(tone.length, 16_000);
    assert.ok(Math.abs(kit.levelDbfs(tone) + 15) < 0.2, `${kit.levelDbfs(tone)}`);
    const up = new kit.Resampler(16_000, 24_000);
    const parts = [up.push(tone), up.finish()];
    assert.equal(parts[0].length + parts[1].length, 24_000);
    up.close();
    assert.throws(() => up.push(tone), { code: INVALID });
    const keys = new kit.KeyDetector(16_000);
    assert.deepEqual(keys.hear(kit.keyTones("42#", 0.25, 16_000, 80)), ["4", "2", "#"]);
    const voice = new kit.VoiceDetector(16_000);
    assert.ok(voice.hear(tone) && voice.spokenMs > 900 && voice.quietMs === 0);
    for (const law of ["mu", "a"]) {
      const back = kit.fromG711(law, kit.toG711(law, tone));
      assert.ok(back.every((sample, at) => Math.abs(sample - tone[at]) < 260), law);
    }
    const read = kit.readWav(kit.writeWav(audio.bytes(tone), 16_000));
    assert.deepEqual([read.sampleRateHz, read.samples], [16_000, tone]);
    assert.throws(() => kit.levelDbfs(new Uint8Array(3)), { code: INVALID });
    assert.throws(() => kit.keyTones("E", 0.2, 8_000, 80), { code: INVALID });
    for (let open = 2; open < 8; open += 1) new kit.VoiceDetector(8_000);
    assert.throws(() => new kit.VoiceDetector(8_000), { code: FULL });
  });
  assert.equal(report.failure, undefined);
});
