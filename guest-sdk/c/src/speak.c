/* Speaking: audio of any length, with back-pressure, and the moment when it was heard. */

#include <stdlib.h>
#include <string.h>

#include "inside.h"

static void play(const int16_t *samples, size_t count, bool *taken, host_failure *refused) {
  switchhook_handler_playout_ledger_t ledger;
  call_handler_list_u8_t pcm = {(uint8_t *)samples, count * sizeof *samples};
  *taken = switchhook_handler_playout_play(&pcm, &ledger, refused);
}

sh_status sh_play(sh_call *call, const int16_t *samples, size_t count) {
  (void)call;
  bool taken;
  host_failure refused;
  play(samples, count, &taken, &refused);
  return taken ? SH_OK : sh_failed(&refused);
}

sh_ledger sh_position(sh_call *call) {
  (void)call;
  switchhook_handler_playout_ledger_t ledger;
  switchhook_handler_playout_position(&ledger);
  return (sh_ledger){ledger.queued, ledger.sent, ledger.heard, ledger.dropped, ledger.exact};
}

void sh_clear(sh_call *call) {
  (void)call;
  switchhook_handler_playout_ledger_t ledger;
  switchhook_handler_playout_clear(&ledger);
}

/* Waits until fewer than so many samples are queued. */
static void wait_below(uint64_t samples, unsigned until) {
  sh_now.low_waits = true;
  switchhook_handler_playout_notify_below(samples ? samples : 1);
  while (sh_now.low_waits && !sh_interrupted(until))
    if (!sh_pump()) break;
  if (!sh_now.low_waits) return;
  sh_now.low_waits = false;
  switchhook_handler_playout_notify_below(0);
}

/* Queues all of it, at most a second ahead. */
static sh_status queue(sh_call *call, const int16_t *samples, size_t count, unsigned until, size_t *taken) {
  uint64_t per_ms = (call->sample_rate_hz + 999) / 1000;
  uint64_t ahead_max = PLAY_AHEAD_MS * per_ms, piece_max = ahead_max;
  uint64_t dropped = sh_position(call).dropped;
  while (*taken < count) {
    if (sh_interrupted(until)) return SH_INTERRUPTED;
    sh_ledger ledger = sh_position(call);
    if (sh_now.reason || strcmp(sh_state(call), "ended") == 0) return sh_over();
    /* It was told to be silent. */
    if (ledger.dropped != dropped) return SH_OK;
    uint64_t piece = ledger.queued < ahead_max ? ahead_max - ledger.queued : 0;
    if (piece > piece_max) piece = piece_max;
    if (piece == 0) {
      wait_below(ahead_max / 2, until);
      continue;
    }
    if (piece > count - *taken) piece = count - *taken;
    bool fits;
    host_failure refused;
    play(samples + *taken, (size_t)piece, &fits, &refused);
    if (fits) {
      *taken += (size_t)piece;
      continue;
    }
    sh_status status = sh_failed(&refused);
    if (status == SH_FULL && ledger.queued > 0)
      wait_below((ledger.queued + 1) / 2, until);
    else if (status == SH_FULL && piece_max > PIECE_MS_MIN * per_ms)
      piece_max /= 2;
    else
      return status;
  }
  return SH_OK;
}

sh_status sh_say(sh_call *call, const int16_t *samples, size_t count, unsigned until) {
  sh_watch(until);
  size_t taken = 0;
  sh_status status = queue(call, samples, count, until, &taken);
  if (status == SH_OK) status = sh_heard(call, until);
  if (status == SH_INTERRUPTED && taken > 0) sh_clear(call);
  return status;
}

static sh_status make(sh_call *call, sh_prompt *prompt) {
  if (prompt->samples) return SH_OK;
  sh_pcm pcm = sh_wav(prompt->wav, prompt->wav_bytes, call->sample_rate_hz);
  if (!pcm.samples) return sh_fail_plainly("INVALID", "a prompt is not a WAV file of 16-bit PCM, mono");
  prompt->samples = pcm.samples;
  prompt->count = pcm.count;
  return SH_OK;
}

sh_status sh_say_prompt(sh_call *call, sh_prompt *prompt, unsigned until) {
  sh_status status = make(call, prompt);
  return status ? status : sh_say(call, prompt->samples, prompt->count, until);
}

sh_status sh_ask(sh_call *call, sh_prompt *prompt, uint32_t patience_ms, char *key) {
  *key = '\0';
  sh_status status = sh_say_prompt(call, prompt, SH_UNTIL_KEY);
  if (status == SH_OK) status = sh_sleep(call, patience_ms, SH_UNTIL_KEY);
  if (status != SH_INTERRUPTED) return status;
  *key = sh_take_key(call);
  return SH_OK;
}

/* -- Recording -- */

sh_status sh_record(sh_call *call, sh_side side, const char **reference) {
  (void)call;
  static const char *const names[] = {"heard", "said", "both", "legs"};
  call_handler_string_t name = sh_lend(names[side]), given;
  host_failure refused;
  if (!switchhook_handler_recording_start(&name, &given, &refused)) return sh_failed(&refused);
  *reference = sh_text(&given);
  return SH_OK;
}

sh_status sh_record_stop(sh_call *call) {
  (void)call;
  host_failure refused;
  return switchhook_handler_recording_stop(&refused) ? SH_OK : sh_failed(&refused);
}

sh_status sh_play_recording(sh_call *call, const char *reference) {
  (void)call;
  call_handler_string_t name = sh_lend(reference);
  host_failure refused;
  return switchhook_handler_recording_play(&name, &refused) ? SH_OK : sh_failed(&refused);
}

sh_status sh_delete_recording(sh_call *call, const char *reference) {
  (void)call;
  call_handler_string_t name = sh_lend(reference);
  host_failure refused;
  return switchhook_handler_recording_delete(&name, &refused) ? SH_OK : sh_failed(&refused);
}
