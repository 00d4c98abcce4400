import assert from "node:assert/strict";
import test from "node:test";
import { LINK_LOST, NOT_GRANTED, Socket, http, store } from "switchhook-guest";
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
