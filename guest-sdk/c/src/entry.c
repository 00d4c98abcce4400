/* The way in and out of a handler, failures, settings and the log. */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inside.h"

static const struct {
  const char *code;
  sh_status status;
} CODES[] = {
    {"NOT_NOW", SH_NOT_NOW},         {"NOT_SUPPORTED", SH_NOT_SUPPORTED}, {"NOT_GRANTED", SH_NOT_GRANTED},
    {"INVALID", SH_INVALID},         {"FULL", SH_FULL},                   {"TIMEOUT", SH_TIMEOUT},
    {"LINK_LOST", SH_LINK_LOST},     {"ENDED", SH_ENDED},                 {"STORAGE", SH_STORAGE},
    {"CALL_UNANSWERED", SH_UNANSWERED}, {"INVALID_COMMAND", SH_INVALID_COMMAND},
};

sh_status sh_status_of(const char *code) {
  for (size_t at = 0; at < sizeof CODES / sizeof *CODES; at++)
    if (strcmp(CODES[at].code, code) == 0) return CODES[at].status;
  return SH_FAILED;
}

/* Takes both texts over. */
static sh_status remember(char *code, char *message) {
  static char *codes, *messages;
  free(codes);
  free(messages);
  codes = code;
  messages = message;
  sh_now.failure = (sh_failure){code, message};
  return sh_status_of(code);
}

sh_status sh_failed(host_failure *failure) { return remember(sh_text(&failure->code), sh_text(&failure->message)); }

sh_status sh_fail_plainly(const char *code, const char *message) { return remember(strdup(code), strdup(message)); }

sh_status sh_over(void) { return sh_fail_plainly("ENDED", "the call is over"); }

sh_status sh_fail(sh_call *call, const char *code, const char *format, ...) {
  (void)call;
  char message[1024];
  va_list given;
  va_start(given, format);
  vsnprintf(message, sizeof message, format, given);
  va_end(given);
  sh_fail_plainly(code, message);
  return SH_FAILED;
}

const sh_failure *sh_failure_of(sh_call *call) { return (void)call, &sh_now.failure; }

char *sh_text(call_handler_string_t *given) {
  char *text = malloc(given->len + 1);
  if (!text) abort();
  if (given->len) memcpy(text, given->ptr, given->len);
  text[given->len] = '\0';
  call_handler_string_free(given);
  return text;
}

call_handler_string_t sh_lend(const char *text) { return (call_handler_string_t){(uint8_t *)text, strlen(text)}; }

/* -- Settings and the log -- */

typedef struct setting {
  struct setting *next;
  char *key, *value;
} setting;

const char *sh_config(const char *key) {
  /* Settings do not change during a call, and keys are few. */
  static setting *known;
  for (const setting *at = known; at; at = at->next)
    if (strcmp(at->key, key) == 0) return at->value;
  call_handler_string_t name = sh_lend(key), value;
  if (!switchhook_handler_config_get(&name, &value)) return NULL;
  setting *found = malloc(sizeof *found);
  if (!found) abort();
  *found = (setting){known, strdup(key), sh_text(&value)};
  known = found;
  return found->value;
}

uint32_t sh_config_number(const char *key, uint32_t otherwise) {
  const char *text = sh_config(key);
  if (!text || *text < '0' || *text > '9') return otherwise;
  char *end;
  errno = 0;
  unsigned long long number = strtoull(text, &end, 10);
  return *end || errno || number > UINT32_MAX ? otherwise : (uint32_t)number;
}

void sh_log(sh_level level, const char *format, ...) {
  static char line[LOG_BYTES_MAX];
  va_list given;
  va_start(given, format);
  vsnprintf(line, sizeof line, format, given);
  va_end(given);
  call_handler_string_t text = sh_lend(line);
  switchhook_handler_log_log((switchhook_handler_log_level_t)level, &text);
}

/* -- The handler -- */

static const sh_field *show_fields(switchhook_handler_types_list_field_t *fields) {
  sh_field *shown = calloc(fields->len + 1, sizeof *shown);
  if (!shown) abort();
  for (size_t at = 0; at < fields->len; at++)
    shown[at] = (sh_field){sh_text(&fields->ptr[at].name), sh_text(&fields->ptr[at].value)};
  return shown;
}

/* What it is made of lives as long as the instance, and so as the call. */
static void begin(switchhook_handler_types_call_info_t *info) {
  sh_now.call = (sh_call){
      .id = sh_text(&info->id),
      .tenant = sh_text(&info->tenant),
      .carrier = sh_text(&info->carrier),
      .caller = sh_text(&info->caller),
      .callee = sh_text(&info->callee),
      .outbound = info->outbound,
      .resumed = info->resumed,
      .sample_rate_hz = info->audio.sample_rate_hz,
      .channels = info->audio.channels.ptr,
      .channel_count = info->audio.channels.len,
      .fields = show_fields(&info->fields),
      .field_count = info->fields.len,
  };
}

bool exports_call_handler_handle(call_handler_call_info_t *info, call_handler_failure_t *failure) {
  begin(info);
  sh_status status = handle(&sh_now.call);
  if (status == SH_ENDED || status == SH_LINK_LOST) {
    /* A handler that gave up because the call is over has ended well. `ended` follows, and is taken, as the contract wishes. */
    while (sh_pump()) {
    }
    return true;
  }
  if (status == SH_OK || status == SH_INTERRUPTED) return true;
  const char *code = sh_now.failure.code, *message = sh_now.failure.message;
  call_handler_string_dup(&failure->code, *code ? code : "FAILED");
  call_handler_string_dup(&failure->message, *code ? message : "the handler failed, and no failure came before");
  return false;
}

/* The bindings want the object file that carries the contract's types. The build command puts them in from the WIT itself. */
void __component_type_object_force_link_call_handler(void);
void __component_type_object_force_link_call_handler(void) {}
