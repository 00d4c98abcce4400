//! Screens a number's calls: asks who calls and why, whispers that to the callee, and lets a key of theirs decide.
//!
//! Needs the grants `recording` and `key_value`, and `audio_mode = "isolated"`. README.md names its settings.

import {
  CALL_UNANSWERED,
  ENDED,
  Failure,
  NOT_GRANTED,
  NOT_SUPPORTED,
  Prompt,
  audio,
  config,
  log,
  race,
  recording,
  sleep,
  store,
} from "switchhook-guest";
import goodbye from "../../prompts/goodbye.wav";
import unanswered from "../../prompts/menu-unanswered.wav";
import ask from "../../prompts/screen-ask.wav";
import hold from "../../prompts/screen-hold.wav";
import message from "../../prompts/screen-message.wav";
import options from "../../prompts/screen-options.wav";
import refused from "../../prompts/screen-refused.wav";
import says from "../../prompts/screen-says.wav";
import kept from "../../prompts/voicemail-kept.wav";

const [ASK, HOLD, SAYS, OPTIONS, REFUSED, MESSAGE, UNANSWERED, KEPT, GOODBYE] = [
  ask, hold, says, options, refused, message, unanswered, kept, goodbye,
].map((file) => new Prompt(file));

/** The channel of the callee's leg. */
const CALLEE = 2;
/** Less than this is no word: a cough. */
const WORDS_MS_MIN = 300;
/** Who has not begun to speak after so long says nothing. */
const BEGIN_MS_MAX = 5_000;
/** How often the callee is asked. */
const OFFERS_MAX = 2;
/** What is remembered of a caller. */
const [ALLOW, BLOCK] = ["allow", "block"];

export default async function screen(call) {
  if (!call.info.audio.channels.includes(CALLEE)) {
    throw new Failure(NOT_SUPPORTED, 'the callee\'s keys need audio_mode = "isolated"');
  }
  const entry = entryOf(call.info);
  const decided = known(entry);
  if (decided === BLOCK) {
    log.info("this caller is blocked");
    return call.hangUp();
  }
  if (decided === ALLOW) return putThrough(call);
  await call.answer();
  await call.say(ASK);
  const words = await record(call, config.number("words_s_max", 8));
  if (!words) return leave(call, GOODBYE);
  await call.say(HOLD);
  const keys = call.keys({ channel: CALLEE });
  try {
    await race({ connected: () => connect(call), ringing: (signal) => ring(call, signal) });
  } catch (error) {
    if (!Failure.is(error, CALL_UNANSWERED)) throw error;
    return takeMessage(call);
  }
  await call.whisper();
  switch (await decide(call, keys, words)) {
    case "1":
      return take(call, words);
    case "2":
      remember(entry, ALLOW);
      return take(call, words);
    case "4":
      remember(entry, BLOCK);
      discard(words);
      return refuse(call, GOODBYE);
    default:
      return refuse(call, REFUSED);
  }
}

/** The name under which a caller is remembered, for this callee alone. A number that is withheld has none. */
const entryOf = ({ caller, callee }) => (/\d/.test(caller) ? `${callee}/${caller}` : null);

/** What was decided for good. A store that fails is no reason to refuse a call. */
function known(entry) {
  try {
    return entry && store.text(entry);
  } catch (error) {
    if (!(error instanceof Failure) || error.code === NOT_GRANTED) throw error;
    log.warn(`the lists cannot be read: ${error.code}`);
    return null;
  }
}

function remember(entry, decision) {
  try {
    if (entry) store.set(entry, decision);
  } catch (error) {
    log.warn(`${decision} is not remembered: ${error.code}`);
  }
}

const connect = (call) => call.connect(config.number("ring_time_s", 20));

/** Rings at once, without a question. The caller hears the telephone ring. */
async function putThrough(call) {
  try {
    await connect(call);
  } catch (error) {
    if (!Failure.is(error, CALL_UNANSWERED)) throw error;
    await call.answer();
    return takeMessage(call);
  }
  return call.close();
}

/** Says a tone, and records what the caller says then: the reference, if it was something. */
async function record(call, longestS) {
  await call.say(audio.tone(1_000, 0.3, call.sampleRateHz, 400));
  const quietMs = config.number("quiet_ms", 1_500);
  const voice = new audio.Voice(call.sampleRateHz);
  const frames = call.audio();
  // From here on the host leaves a valid file, whatever becomes of the call or of this handler.
  const reference = recording.start("heard");
  try {
    await race({
      silence: async (signal) => {
        while (voice.quietMs < (voice.spokenMs === 0 ? BEGIN_MS_MAX : quietMs)) {
          const { channel, pcm } = await frames.read({ signal });
          if (channel === 0) voice.hear(pcm);
        }
      },
      length: (signal) => sleep(longestS * 1_000, { signal }),
    });
  } catch (error) {
    // Who hangs up has said something as well.
    if (!Failure.is(error, ENDED)) throw error;
  } finally {
    frames.close();
  }
  recording.stop();
  if (voice.spokenMs < WORDS_MS_MIN) {
    discard(reference);
    return null;
  }
  log.info(`said ${reference}`);
  return reference;
}

function discard(words) {
  try {
    recording.delete(words);
  } catch (error) {
    log.warn(`${words} is not deleted: ${error.code}`);
  }
}

/** Whispers who calls and what can be done. The key of the callee, or null. */
async function decide(call, keys, words) {
  for (let offers = 0; offers < OFFERS_MAX; offers += 1) {
    const { name, value } = await race({
      key: (signal) => keys.read({ signal }),
      offer: async (signal) => {
        await call.say(SAYS, { signal });
        recording.play(words);
        await call.heard({ signal });
        await call.say(OPTIONS, { signal });
        await sleep(config.number("key_time_ms", 5_000), { signal });
      },
    });
    if (name === "offer") continue;
    call.clear();
    log.info(`the callee pressed ${value}`);
    if ("1234".includes(value)) return value;
  }
  return null;
}

/** Leaves the two to themselves. */
function take(call, words) {
  discard(words);
  return call.close();
}

/** Both hear it: there is no way to speak to the caller alone. */
async function refuse(call, words) {
  await call.barge();
  await call.say(words);
  await call.disconnect();
}

async function takeMessage(call) {
  await call.say(UNANSWERED);
  await call.say(MESSAGE);
  const words = await record(call, config.number("message_s_max", 60));
  await leave(call, words ? KEPT : GOODBYE);
}

/** What is heard while it rings elsewhere: until it is told to give up, which silences it. */
async function ring(call, signal) {
  const tone = audio.tone(425, 0.1, call.sampleRateHz, 1_000);
  for (;;) {
    await call.say(tone, { signal });
    await sleep(4_000, { signal });
  }
}

async function leave(call, words) {
  await call.say(words);
  await call.close();
}
