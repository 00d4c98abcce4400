/* A menu by keys: a person, who may not pick up, or the opening hours.
 *
 * Keys are heard in band. The operator may set `ring_time_s`, `key_time_ms` and `misses`. */

#include <stdlib.h>

#include <switchhook.h>

static const uint8_t welcome_wav[] = {
#embed "menu-welcome.wav"
};
static const uint8_t hours_wav[] = {
#embed "menu-hours.wav"
};
static const uint8_t invalid_wav[] = {
#embed "menu-invalid.wav"
};
static const uint8_t unanswered_wav[] = {
#embed "menu-unanswered.wav"
};
static const uint8_t goodbye_wav[] = {
#embed "goodbye.wav"
};
static sh_prompt welcome = SH_PROMPT(welcome_wav), hours = SH_PROMPT(hours_wav), invalid = SH_PROMPT(invalid_wav),
                 unanswered = SH_PROMPT(unanswered_wav), goodbye = SH_PROMPT(goodbye_wav);

static sh_status leave(sh_call *call, sh_prompt *words) {
  sh_status failed = sh_say_prompt(call, words, 0);
  return failed ? failed : sh_close(call);
}

/* What is heard while it rings elsewhere: until the outcome is there, which silences it. */
static sh_status ring(sh_call *call) {
  sh_pcm tone = sh_tone(425, 0.1f, call->sample_rate_hz, 1000);
  sh_status status;
  do {
    status = sh_say(call, tone.samples, tone.count, SH_UNTIL_OUTCOME);
    if (!status) status = sh_sleep(call, 4000, SH_UNTIL_OUTCOME);
  } while (!status);
  free(tone.samples);
  return status == SH_INTERRUPTED ? SH_OK : status;
}

static sh_status reach_a_person(sh_call *call) {
  sh_command connect;
  sh_status failed = sh_begin_connect(call, sh_config_number("ring_time_s", 20), &connect);
  if (!failed) failed = ring(call);
  if (!failed) failed = sh_finish(call, connect);
  if (failed == SH_UNANSWERED) return leave(call, &unanswered);
  /* The parties stay connected; this handler is needed no longer. */
  return failed ? failed : sh_close(call);
}

sh_status handle(sh_call *call) {
  uint32_t patience_ms = sh_config_number("key_time_ms", 4000), misses_max = sh_config_number("misses", 3);
  sh_status failed = sh_answer(call);
  sh_keys(call, true);
  for (uint32_t misses = 0; !failed && misses < misses_max;) {
    char key;
    failed = sh_ask(call, &welcome, patience_ms, &key);
    if (failed) break;
    switch (key) {
      case '1':
        return reach_a_person(call);
      case '2':
        misses = 0;
        failed = sh_say_prompt(call, &hours, 0);
        break;
      case '\0':
        misses++;
        break;
      default:
        misses++;
        sh_info("there is nothing behind the key %c", key);
        failed = sh_say_prompt(call, &invalid, 0);
    }
  }
  return failed ? failed : leave(call, &goodbye);
}
