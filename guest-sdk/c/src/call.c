/* The call: where each event finds whoever waits for it, and the commands. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inside.h"

sh_state_of_call sh_now = {.failure = {"", ""}};

/* Marks of the SDK begin so, and are shown to nobody. */
#define MARK "switchhook.heard."

static void take_key(char key) {
  if (sh_now.key_count == KEYS_MAX) memmove(sh_now.keys, sh_now.keys + 1, --sh_now.key_count);
  sh_now.keys[sh_now.key_count++] = key;
}

static void hear(const switchhook_handler_types_audio_frame_t *frame) {
  const int16_t *samples = (const int16_t *)frame->pcm.ptr;
  size_t count = frame->pcm.len / 2;
  if (sh_now.keys_wanted && frame->channel == sh_now.keys_channel) {
    char keys[KEYS_MAX];
    size_t pressed = sh_detector_hear(&sh_now.detector, samples, count, keys, KEYS_MAX);
    for (size_t at = 0; at < pressed; at++) take_key(keys[at]);
  }
  if (sh_now.voice_wanted && frame->channel == 0) sh_voice_hear(&sh_now.voice, samples, count);
}

static bool settle_outcome(switchhook_handler_types_outcome_t *outcome) {
  for (size_t at = 0; at < COMMANDS_MAX; at++) {
    under_way *command = &sh_now.commands[at];
    if (!command->taken || command->done || command->id != outcome->command) continue;
    command->done = true;
    if (outcome->value.is_err) {
      command->failure = outcome->value.val.err;
      /* It is ours from here on, and is not freed with the event. */
      outcome->value.is_err = false;
      outcome->value.val.ok.is_some = false;
    }
    return true;
  }
  return false;
}

static bool settle_mark(const switchhook_handler_types_mark_t *mark) {
  size_t prefix = sizeof MARK - 1;
  if (mark->name.len < prefix || memcmp(mark->name.ptr, MARK, prefix) != 0) return false;
  uint32_t name = 0;
  for (size_t at = prefix; at < mark->name.len; at++) name = name * 10 + (uint32_t)(mark->name.ptr[at] - '0');
  if (sh_now.mark_waits && name == sh_now.mark) sh_now.mark_told = true;
  return true;
}

/* Whether somebody in particular waited for it. */
static bool settle(host_event *event) {
  switch (event->tag) {
    case SWITCHHOOK_HANDLER_TYPES_EVENT_OUTCOME:
      return settle_outcome(&event->val.outcome);
    case SWITCHHOOK_HANDLER_TYPES_EVENT_MARK:
      return settle_mark(&event->val.mark);
    case SWITCHHOOK_HANDLER_TYPES_EVENT_DTMF:
      if (sh_now.keys_channel != 0 && event->val.dtmf.channel != sh_now.keys_channel) return true;
      if (event->val.dtmf.digit.len == 1) take_key((char)event->val.dtmf.digit.ptr[0]);
      return true;
    case SWITCHHOOK_HANDLER_TYPES_EVENT_PLAYOUT_LOW: {
      bool ours = sh_now.low_waits;
      sh_now.low_waits = false;
      return ours;
    }
    case SWITCHHOOK_HANDLER_TYPES_EVENT_TIMER:
      if (!sh_now.timer_runs || event->val.timer != sh_now.timer) return false;
      sh_now.timer_runs = false;
      sh_now.timer_fired = true;
      return true;
    case SWITCHHOOK_HANDLER_TYPES_EVENT_ENDED:
      sh_now.reason = sh_text(&event->val.ended);
      event->val.ended = (call_handler_string_t){NULL, 0};
      return true;
    default:
      return false;
  }
}

static void keep(const host_event *event) {
  if (sh_now.kept_count == KEPT_MAX) {
    sh_warn("%d events wait for sh_next: the oldest is dropped", KEPT_MAX);
    switchhook_handler_types_event_free(&sh_now.kept[0]);
    memmove(sh_now.kept, sh_now.kept + 1, --sh_now.kept_count * sizeof *sh_now.kept);
  }
  sh_now.kept[sh_now.kept_count++] = *event;
}

/* Waits for an event, and gives it to whoever waits for it. True: it is in `event`, and nobody's. */
static bool take(host_event *event) {
  if (!switchhook_handler_events_next(event)) {
    if (!sh_now.reason) sh_now.reason = strdup("over");
    return false;
  }
  bool audio = event->tag == SWITCHHOOK_HANDLER_TYPES_EVENT_AUDIO;
  if (audio) hear(&event->val.audio);
  if (!audio && settle(event)) {
    switchhook_handler_types_event_free(event);
    return false;
  }
  return true;
}

bool sh_pump(void) {
  if (sh_now.reason) return false;
  host_event event;
  if (take(&event)) {
    if (event.tag == SWITCHHOOK_HANDLER_TYPES_EVENT_AUDIO)
      switchhook_handler_types_event_free(&event);
    else
      keep(&event);
  }
  return !sh_now.reason;
}

static under_way *done_command(void) {
  for (size_t at = 0; at < COMMANDS_MAX; at++)
    if (sh_now.commands[at].taken && sh_now.commands[at].done) return &sh_now.commands[at];
  return NULL;
}

bool sh_interrupted(unsigned until) {
  return ((until & SH_UNTIL_KEY) && sh_now.key_count > 0) ||
         ((until & SH_UNTIL_SPEECH) && sh_voice_hear(&sh_now.voice, NULL, 0)) ||
         ((until & SH_UNTIL_OUTCOME) && done_command());
}

void sh_watch(unsigned until) {
  if (!(until & SH_UNTIL_SPEECH) || sh_now.voice_wanted) return;
  sh_now.voice_wanted = true;
  sh_voice_init(&sh_now.voice, sh_now.call.sample_rate_hz);
}

void sh_keys(sh_call *call, bool wanted) {
  if (wanted && !sh_now.keys_wanted) sh_detector_init(&sh_now.detector, call->sample_rate_hz);
  sh_now.keys_wanted = wanted;
}

void sh_keys_on(sh_call *call, uint8_t channel) {
  sh_now.keys_wanted = sh_now.keys_wanted && channel == sh_now.keys_channel;
  sh_now.keys_channel = channel;
  sh_keys(call, true);
}

char sh_take_key(sh_call *call) {
  (void)call;
  if (sh_now.key_count == 0) return '\0';
  char key = sh_now.keys[0];
  memmove(sh_now.keys, sh_now.keys + 1, --sh_now.key_count);
  return key;
}

sh_status sh_sleep(sh_call *call, uint32_t ms, unsigned until) {
  (void)call;
  sh_watch(until);
  if (sh_now.reason) return sh_over();
  host_failure refused;
  sh_now.timer_fired = false;
  if (!switchhook_handler_timers_set(ms, false, &sh_now.timer, &refused)) return sh_failed(&refused);
  sh_now.timer_runs = true;
  while (!sh_now.timer_fired && !sh_interrupted(until))
    if (!sh_pump()) break;
  if (sh_now.timer_fired) return SH_OK;
  sh_now.timer_runs = false;
  if (sh_interrupted(until)) {
    switchhook_handler_timers_cancel(sh_now.timer);
    return SH_INTERRUPTED;
  }
  return sh_over();
}

sh_status sh_timer(sh_call *call, uint32_t ms, bool repeat, uint32_t *timer) {
  (void)call;
  host_failure refused;
  return switchhook_handler_timers_set(ms, repeat, timer, &refused) ? SH_OK : sh_failed(&refused);
}

void sh_cancel_timer(sh_call *call, uint32_t timer) {
  (void)call;
  switchhook_handler_timers_cancel(timer);
}

/* -- Commands -- */

static under_way *place_for_command(void) {
  for (size_t at = 0; at < COMMANDS_MAX; at++)
    if (!sh_now.commands[at].taken) return &sh_now.commands[at];
  return NULL;
}

typedef bool begin(sh_command *id, host_failure *refused);

static sh_status run(begin *command) {
  under_way *place = place_for_command();
  if (!place) return sh_fail_plainly("FULL", "32 commands were begun and not finished");
  host_failure refused;
  sh_command id;
  if (!command(&id, &refused)) return sh_failed(&refused);
  *place = (under_way){.id = id, .taken = true};
  return sh_finish(&sh_now.call, id);
}

sh_status sh_finish(sh_call *call, sh_command id) {
  (void)call;
  for (size_t at = 0; at < COMMANDS_MAX; at++) {
    under_way *command = &sh_now.commands[at];
    if (!command->taken || command->id != id) continue;
    while (!command->done && sh_pump()) {
    }
    bool done = command->done;
    host_failure failure = command->failure;
    *command = (under_way){};
    if (!done) return sh_over();
    return failure.code.len ? sh_failed(&failure) : SH_OK;
  }
  return sh_fail_plainly("INVALID", "no such command is under way");
}

sh_status sh_begin_connect(sh_call *call, uint32_t ring_time_s, sh_command *command) {
  (void)call;
  under_way *place = place_for_command();
  if (!place) return sh_fail_plainly("FULL", "32 commands were begun and not finished");
  host_failure refused;
  if (!switchhook_handler_call_connect(ring_time_s, command, &refused)) return sh_failed(&refused);
  *place = (under_way){.id = *command, .taken = true};
  return SH_OK;
}

sh_status sh_connect(sh_call *call, uint32_t ring_time_s) {
  sh_command command;
  sh_status status = sh_begin_connect(call, ring_time_s, &command);
  return status ? status : sh_finish(call, command);
}

sh_status sh_answer(sh_call *call) { return (void)call, run(switchhook_handler_call_answer); }
sh_status sh_whisper(sh_call *call) { return (void)call, run(switchhook_handler_call_whisper); }
sh_status sh_barge(sh_call *call) { return (void)call, run(switchhook_handler_call_barge); }
sh_status sh_spy(sh_call *call) { return (void)call, run(switchhook_handler_call_spy); }
sh_status sh_disconnect(sh_call *call) { return (void)call, run(switchhook_handler_call_disconnect); }
sh_status sh_close(sh_call *call) { return (void)call, run(switchhook_handler_call_close); }

sh_status sh_hang_up(sh_call *call) {
  sh_status status = sh_disconnect(call);
  bool close_ends_it = status == SH_INVALID_COMMAND && strcmp(sh_state(call), "connected") != 0;
  return close_ends_it ? sh_close(call) : status;
}

const char *sh_state(sh_call *call) {
  static char *state;
  (void)call;
  call_handler_string_t given;
  switchhook_handler_call_state(&given);
  free(state);
  state = sh_text(&given);
  return state;
}

const char *sh_end_reason(sh_call *call) { return (void)call, sh_now.reason; }

/* -- As an event loop -- */

static void show(host_event *given, sh_event *event) {
  *event = (sh_event){.kind = SH_OTHER, .raw = given};
  switch (given->tag) {
    case SWITCHHOOK_HANDLER_TYPES_EVENT_AUDIO: {
      const switchhook_handler_types_audio_frame_t *frame = &given->val.audio;
      event->kind = SH_AUDIO;
      event->audio = (sh_audio){frame->channel, frame->at_sample, frame->lost_samples, (const int16_t *)frame->pcm.ptr,
                                frame->pcm.len / 2};
      break;
    }
    case SWITCHHOOK_HANDLER_TYPES_EVENT_TIMER:
      event->kind = SH_TIMER;
      event->timer = given->val.timer;
      break;
    case SWITCHHOOK_HANDLER_TYPES_EVENT_WARNING:
      event->kind = SH_WARNING;
      event->failure = sh_show_failure(&given->val.warning);
      break;
    case SWITCHHOOK_HANDLER_TYPES_EVENT_CALL_ERROR:
      event->kind = SH_CALL_ERROR;
      event->failure = sh_show_failure(&given->val.call_error);
      break;
    default:
      sh_show_service(given, event);
  }
}

bool sh_next(sh_call *call, sh_event *event) {
  if (sh_now.is_given) {
    switchhook_handler_types_event_free(&sh_now.given);
    sh_now.is_given = false;
  }
  for (;;) {
    under_way *done = done_command();
    if (sh_now.kept_count > 0) {
      sh_now.given = sh_now.kept[0];
      memmove(sh_now.kept, sh_now.kept + 1, --sh_now.kept_count * sizeof *sh_now.kept);
      sh_now.is_given = true;
      show(&sh_now.given, event);
      return true;
    }
    if (sh_now.key_count > 0) {
      *event = (sh_event){.kind = SH_KEY, .key = sh_take_key(call)};
      return true;
    }
    if (done) {
      sh_command command = done->id;
      *event = (sh_event){.kind = SH_OUTCOME};
      event->command = command;
      event->status = sh_finish(call, command);
      return true;
    }
    if (sh_now.reason) {
      *event = (sh_event){.kind = SH_END, .reason = sh_now.reason};
      bool first = !sh_now.end_told;
      sh_now.end_told = true;
      return first;
    }
    if (take(&sh_now.given)) {
      sh_now.is_given = true;
      show(&sh_now.given, event);
      return true;
    }
  }
}

sh_status sh_heard(sh_call *call, unsigned until) {
  (void)call;
  sh_watch(until);
  if (sh_now.reason) return sh_over();
  char name[sizeof MARK + 10];
  snprintf(name, sizeof name, MARK "%u", (unsigned)++sh_now.mark);
  /* What is a part of a frame would wait for more otherwise. */
  switchhook_handler_playout_flush();
  call_handler_string_t text = sh_lend(name);
  host_failure refused;
  if (!switchhook_handler_playout_mark(&text, &refused)) return sh_failed(&refused);
  sh_now.mark_waits = true;
  sh_now.mark_told = false;
  while (!sh_now.mark_told && !sh_interrupted(until))
    if (!sh_pump()) break;
  sh_now.mark_waits = false;
  if (sh_now.reason || (sh_now.mark_told && strcmp(sh_state(call), "ended") == 0)) return sh_over();
  return sh_now.mark_told ? SH_OK : SH_INTERRUPTED;
}
