//! Uses everything that this SDK has for other hosts, memory, further calls and the audio kit, and logs what came of it, a line
//! each: the same lines as the guests in the other languages.

import { Failure, Socket, calls, config, http, kit, log, store } from "switchhook-guest";

const AMPLITUDE = 0.2441;

export default async function use(call) {
  await call.answer();
  if (config.get("only") === "legs") return tell(call);
  // Where there is nobody else.
  if (config.get("only") !== "place") {
    remember();
    await talk();
    await ask();
    compute(call.sampleRateHz);
  }
  await place();
  await call.close();
}

/** Tells the legs' keys apart. */
async function tell(call) {
  await call.connect(20);
  for (const channel of [2, 1]) {
    const keys = call.keys({ channel });
    log.info(`wrap leg ${channel} ${await keys.read()}`);
    keys.close();
  }
  await call.close();
}

/** The code of what is refused. */
async function refusal(run) {
  try {
    await run();
    return "OK";
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return error.code;
  }
}

function remember() {
  try {
    store.set("k", "v", { ttlS: 60 });
  } catch (error) {
    return log.info(`wrap store ${error.code}`);
  }
  log.info(`wrap store ${store.text("k")}`);
  const swapped = [store.compareAndSet("k", null, "w"), store.compareAndSet("k", "v", "w")];
  store.delete("k");
  log.info(`wrap swapped ${swapped.join(" ")} ${store.get("k") !== null}`);
  store.set("kept", "for ever");
}

async function talk() {
  log.info(`wrap elsewhere ${await refusal(() => Socket.open("wss://elsewhere.example/"))}`);
  log.info(`wrap gone ${await refusal(() => Socket.open("wss://gone.example/"))}`);
  const socket = await Socket.open("wss://model.example/v1", { headers: { "x-mode": "voice" } });
  const ready = await socket.read();
  await socket.send("hello");
  await socket.send(Uint8Array.of(1, 2, 3));
  const sound = await socket.read();
  log.info(`wrap socket ${ready} ${sound instanceof Uint8Array} ${sound.length}`);
  socket.close(1_000, "thanks");
  log.info(`wrap closed ${(await socket.whenClosed()).code}`);
}

async function ask() {
  const answer = await http.request("https://crm.example/people", { method: "POST", body: "hello" });
  log.info(`wrap http ${answer.status} ${answer.headers.get("x-why")} ${await answer.text()}`);
  log.info(`wrap late ${await refusal(() => http.request("https://crm.example/late"))}`);
}

async function place() {
  try {
    for await (const { step, detail } of calls.place(config.get("to", "+15550142"), config.get("plugin", "survey"))) {
      if (step === "ended") log.info(`wrap placed ${detail}`);
    }
  } catch (error) {
    log.info(`wrap placed ${error.code}`);
  }
}

function compute(rateHz) {
  const level = (pcm) => Math.round(kit.levelDbfs(pcm));
  const tone = kit.tones([440], AMPLITUDE, rateHz, 1_000);
  log.info(`wrap tone ${tone.length} ${level(tone)}`);
  const up = new kit.Resampler(rateHz, 24_000);
  const higher = Int16Array.from([...up.push(tone), ...up.finish()]);
  up.close();
  log.info(`wrap resampled ${higher.length} ${level(higher)}`);
  for (const law of ["mu", "a"]) {
    const coded = kit.toG711(law, tone);
    log.info(`wrap law ${coded.length} ${level(kit.fromG711(law, coded))}`);
  }
  const heard = new kit.KeyDetector(rateHz).hear(kit.keyTones("42#", AMPLITUDE, rateHz, 80)).join("");
  const voice = new kit.VoiceDetector(rateHz);
  log.info(`wrap heard ${heard} ${voice.hear(tone)} ${voice.spokenMs > 900 && voice.quietMs === 0}`);
  const { sampleRateHz, samples } = kit.readWav(kit.writeWav(tone, rateHz));
  log.info(`wrap wav ${sampleRateHz} ${samples.length}`);
  try {
    kit.keyTones("E", AMPLITUDE, rateHz, 1_000);
  } catch (error) {
    log.info(`wrap refused ${error.code}`);
  }
}
