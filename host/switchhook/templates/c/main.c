/* Answers, says a tone, and says each key that the caller presses back. */

#include <stdlib.h>

#include <switchhook.h>

static sh_status say(sh_call *call, sh_pcm pcm) {
  sh_status failed = sh_say(call, pcm.samples, pcm.count, 0);
  free(pcm.samples);
  return failed;
}

sh_status handle(sh_call *call) {
  sh_status failed = sh_answer(call);
  sh_keys(call, true);
  if (!failed) failed = say(call, sh_tone(440, 0.3f, call->sample_rate_hz, 500));
  /* A caller who hangs up ends this loop. */
  for (sh_event event; !failed && sh_next(call, &event);) {
    if (event.kind != SH_KEY) continue;
    sh_info("the caller pressed %c", event.key);
    failed = say(call, sh_key_tone(event.key, 0.2f, call->sample_rate_hz, 200));
  }
  return failed;
}
