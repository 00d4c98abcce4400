/* What the files of the SDK know of each other. An instance serves one call: there is one state. */
#ifndef SWITCHHOOK_INSIDE_H
#define SWITCHHOOK_INSIDE_H

#include <call_handler.h>

#include "switchhook.h"

/* Keys that wait to be taken. More: the oldest is dropped. */
#define KEYS_MAX 32
/* Events that wait for `sh_next` because they came during other waits. More: the oldest is dropped, with a warning in the log. */
#define KEPT_MAX 32
/* Commands whose outcome was not yet taken: what the host allows. */
#define COMMANDS_MAX 32
/* Audio that `sh_say` keeps queued in the host, ms. */
#define PLAY_AHEAD_MS 1000
/* Less than this is not worth a `SH_FULL`, ms: a host that cannot take it cannot be played to. */
#define PIECE_MS_MIN 20
/* A line of the log, bytes. */
#define LOG_BYTES_MAX 4096

typedef switchhook_handler_types_event_t host_event;
typedef switchhook_handler_types_failure_t host_failure;

typedef struct under_way {
  sh_command id;
  bool taken, done;
  host_failure failure; /* empty code: it succeeded */
} under_way;

typedef struct sh_state_of_call {
  sh_call call;
  sh_failure failure;
  /* Null until the end. */
  char *reason;
  bool end_told;
  under_way commands[COMMANDS_MAX];
  char keys[KEYS_MAX];
  size_t key_count;
  bool keys_wanted, voice_wanted;
  /* Whose keys count: 0 is the call. */
  uint8_t keys_channel;
  sh_detector detector;
  sh_voice voice;
  host_event kept[KEPT_MAX];
  size_t kept_count;
  /* The event that `sh_next` gave away last. */
  host_event given;
  bool is_given;
  /* The timer, the mark and the wait for a low queue of the wait that is under way. */
  uint32_t timer;
  bool timer_runs, timer_fired;
  uint32_t mark;
  bool mark_waits, mark_told;
  bool low_waits;
} sh_state_of_call;

extern sh_state_of_call sh_now;

/* Takes the next event and gives it to whoever waits for it. False: nothing will ever come again. */
bool sh_pump(void);
/* Whether a wait is over before its time. */
bool sh_interrupted(unsigned until);
/* What an interrupt waits for is listened to from then on. */
void sh_watch(unsigned until);

/* Remembers a failure of the host, which it takes over; its status. */
sh_status sh_failed(host_failure *failure);
sh_status sh_fail_plainly(const char *code, const char *message);
sh_status sh_status_of(const char *code);
/* The call is over. */
sh_status sh_over(void);

/* A text that ends with a NUL, made of one that the host gave, which is freed. */
char *sh_text(call_handler_string_t *given);
/* The same, and it stays the host's to free with its event. */
const char *sh_show(call_handler_string_t *given);
sh_failure sh_show_failure(host_failure *given);
/* What happened to a socket, a request or what was placed. */
void sh_show_service(host_event *given, sh_event *event);
/* A text for the host to read. */
call_handler_string_t sh_lend(const char *text);

#endif
