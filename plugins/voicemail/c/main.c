/* Voicemail: a greeting that yields to whoever speaks, a message that the host records, and a word about it.
 *
 * Needs the grant `recording`. The operator may set `message_s_max`, `quiet_ms` and `key_time_ms`. */

#include <stdlib.h>

#include <switchhook.h>

static const uint8_t greeting_wav[] = {
#embed "voicemail-greeting.wav"
};
static const uint8_t options_wav[] = {
#embed "voicemail-options.wav"
};
static const uint8_t deleted_wav[] = {
#embed "voicemail-deleted.wav"
};
static const uint8_t kept_wav[] = {
#embed "voicemail-kept.wav"
};
static const uint8_t goodbye_wav[] = {
#embed "goodbye.wav"
};
static sh_prompt greeting = SH_PROMPT(greeting_wav), options = SH_PROMPT(options_wav), deleted = SH_PROMPT(deleted_wav),
                 kept = SH_PROMPT(kept_wav), goodbye = SH_PROMPT(goodbye_wav);

/* Less than this is no message: a cough, or the key that ends it. */
#define MESSAGE_MS_MIN 300
/* How often the options are offered. */
#define OFFERS_MAX 3

static sh_status leave(sh_call *call, sh_prompt *words) {
  sh_status failed = sh_say_prompt(call, words, 0);
  return failed ? failed : sh_close(call);
}

/* Whoever speaks into the greeting is leaving a message: it falls silent, and no tone follows. */
static sh_status greet(sh_call *call) {
  sh_status status = sh_say_prompt(call, &greeting, SH_UNTIL_SPEECH);
  if (!status) {
    sh_pcm tone = sh_tone(1000, 0.3f, call->sample_rate_hz, 400);
    status = sh_say(call, tone.samples, tone.count, SH_UNTIL_SPEECH);
    free(tone.samples);
  }
  return status == SH_INTERRUPTED ? SH_OK : status;
}

/* Listens until the hash key, a long silence, the end of the call, or the longest message. How long somebody spoke, ms. */
static uint32_t message(sh_call *call) {
  uint32_t quiet_ms = sh_config_number("quiet_ms", 3000), length = 0;
  sh_timer(call, sh_config_number("message_s_max", 20) * 1000, false, &length);
  sh_voice voice;
  sh_voice_init(&voice, call->sample_rate_hz);
  const char *ended_by = NULL;
  for (sh_event event; !ended_by && sh_next(call, &event);) {
    if (event.kind == SH_KEY && event.key == '#') ended_by = "a key";
    if (event.kind == SH_TIMER && event.timer == length) ended_by = "its length";
    if (event.kind == SH_END) ended_by = "the end of the call";
    if (event.kind != SH_AUDIO || event.audio.channel != 0) continue;
    bool speaks = sh_voice_hear(&voice, event.audio.samples, event.audio.count);
    if (!speaks && voice.quiet_ms >= quiet_ms) ended_by = "silence";
  }
  sh_cancel_timer(call, length);
  sh_info("ended by %s", ended_by);
  return voice.spoken_ms;
}

/* Plays the message. A key silences it, and waits to be taken. */
static sh_status replay(sh_call *call, const char *reference) {
  sh_status status = sh_play_recording(call, reference);
  if (status == SH_FULL)
    sh_warn("the message is longer than what can be played: %s", sh_failure_of(call)->message);
  else if (status)
    return status;
  status = sh_heard(call, SH_UNTIL_KEY);
  if (status != SH_INTERRUPTED) return status;
  sh_clear(call);
  return SH_OK;
}

/* Lets the caller hear or delete the message. */
static sh_status offer(sh_call *call, const char *reference) {
  uint32_t patience_ms = sh_config_number("key_time_ms", 4000);
  char pressed = '\0';
  for (int offers = 0; offers < OFFERS_MAX || pressed;) {
    sh_status failed = SH_OK;
    if (!pressed) {
      offers++;
      failed = sh_ask(call, &options, patience_ms, &pressed);
    }
    if (!failed && pressed == '3') {
      failed = sh_delete_recording(call, reference);
      sh_info("deleted %s", reference);
      return failed ? failed : leave(call, &deleted);
    }
    if (!failed && pressed == '1') {
      failed = replay(call, reference);
      pressed = sh_take_key(call);
    } else {
      pressed = '\0';
    }
    if (failed) return failed;
  }
  return leave(call, &kept);
}

sh_status handle(sh_call *call) {
  sh_status failed = sh_answer(call);
  if (!failed) failed = greet(call);
  if (failed) return failed;
  sh_keys(call, true);
  const char *reference;
  if ((failed = sh_record(call, SH_SIDE_HEARD, &reference))) return failed;
  /* From here on the host leaves a valid file, whatever becomes of the call or of this handler. */
  uint32_t spoken_ms = message(call);
  if ((failed = sh_record_stop(call))) return failed;
  if (spoken_ms < MESSAGE_MS_MIN) {
    sh_info("no message");
    failed = sh_delete_recording(call, reference);
    return failed ? failed : leave(call, &goodbye);
  }
  sh_info("message %s", reference);
  return offer(call, reference);
}
