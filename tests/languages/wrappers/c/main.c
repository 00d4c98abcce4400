/* Uses everything that this SDK has for other hosts, memory, further calls and the audio kit, and logs what came of it, a line
 * each: the same lines as the guests in the other languages. */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <switchhook.h>
#include <switchhook_services.h>

#define PEAK 8000

static const char *code(sh_call *call, sh_status status) { return status ? sh_failure_of(call)->code : "OK"; }
static const char *word(bool is) { return is ? "true" : "false"; }

static sh_status remember(sh_call *call) {
  sh_status failed = sh_store_set(call, "k", "v", 1, 60);
  if (failed) return sh_info("wrap store %s", code(call, failed)), SH_OK;
  sh_bytes value, none = {NULL, 0}, old = {(uint8_t *)"v", 1};
  if ((failed = sh_store_get(call, "k", &value))) return failed;
  sh_info("wrap store %s", (char *)value.data);
  free(value.data);
  bool first, second;
  if ((failed = sh_store_compare_and_set(call, "k", none, "w", 1, 0, &first))) return failed;
  if ((failed = sh_store_compare_and_set(call, "k", old, "w", 1, 0, &second))) return failed;
  if ((failed = sh_store_delete(call, "k")) || (failed = sh_store_get(call, "k", &value))) return failed;
  sh_info("wrap swapped %s %s %s", word(first), word(second), word(value.data != NULL));
  return sh_store_set(call, "kept", "for ever", 8, 0);
}

/* The next event that is no audio. */
static bool next(sh_call *call, sh_event *event) {
  while (sh_next(call, event))
    if (event->kind != SH_AUDIO) return true;
  return false;
}

static sh_status talk(sh_call *call) {
  sh_event event;
  uint32_t socket;
  sh_info("wrap elsewhere %s", code(call, sh_socket_open(call, "wss://elsewhere.example/", NULL, 0, &socket)));
  sh_status failed = sh_socket_open(call, "wss://gone.example/", NULL, 0, &socket);
  if (failed || !next(call, &event)) return failed;
  if (event.kind == SH_SOCKET_CLOSED) sh_info("wrap gone %.*s", (int)strcspn(event.socket.reason, ":"), event.socket.reason);
  sh_field headers[] = {{"x-mode", "voice"}};
  if ((failed = sh_socket_open(call, "wss://model.example/v1", headers, 1, &socket))) return failed;
  char ready[16] = "";
  while (next(call, &event) && event.kind != SH_SOCKET_CLOSED) {
    if (event.kind != SH_SOCKET_MESSAGE || event.socket.id != socket) continue;
    if (!event.socket.binary) {
      snprintf(ready, sizeof ready, "%.*s", (int)event.socket.bytes, (const char *)event.socket.data);
      if ((failed = sh_socket_send_text(call, socket, "hello"))) return failed;
      if ((failed = sh_socket_send(call, socket, "\1\2\3", 3))) return failed;
    } else {
      sh_info("wrap socket %s true %zu", ready, event.socket.bytes);
      sh_socket_close(call, socket, 1000, "thanks");
    }
  }
  sh_info("wrap closed %d", event.socket.code);
  return SH_OK;
}

static sh_status ask(sh_call *call) {
  sh_event event;
  uint32_t request;
  sh_status failed = sh_http_request(call, "POST", "https://crm.example/people", NULL, 0, "hello", 5, &request);
  if (failed) return failed;
  char body[16] = "", why[16] = "";
  int status = 0;
  while (next(call, &event) && event.kind != SH_HTTP_END) {
    if (event.kind == SH_HTTP_HEAD) {
      status = event.http.status;
      for (size_t at = 0; at < event.http.header_count; at++)
        if (strcasecmp(event.http.headers[at].name, "x-why") == 0)
          snprintf(why, sizeof why, "%s", event.http.headers[at].value);
    }
    if (event.kind == SH_HTTP_BODY) strncat(body, (const char *)event.http.data, event.http.bytes);
  }
  sh_info("wrap http %d %s %s", status, why, body);
  if ((failed = sh_http_request(call, "GET", "https://crm.example/late", NULL, 0, NULL, 0, &request))) return failed;
  if (next(call, &event) && event.kind == SH_HTTP_END) sh_info("wrap late %s", event.http.failure.code);
  return SH_OK;
}

static sh_status place(sh_call *call) {
  const char *to = sh_config("to"), *plugin = sh_config("plugin");
  uint32_t placed;
  sh_status failed = sh_place(call, to ? to : "+15550142", plugin ? plugin : "survey", &placed);
  if (failed) return sh_info("wrap placed %s", code(call, failed)), SH_OK;
  for (sh_event event; next(call, &event);)
    if (event.kind == SH_PLACED && strcmp(event.placed.step, "ended") == 0)
      return sh_info("wrap placed %s", event.placed.detail), SH_OK;
  return SH_OK;
}

static int level(sh_call *call, sh_pcm pcm) {
  float dbfs = 0;
  sh_kit_level_dbfs(call, pcm.samples, pcm.count, &dbfs);
  return (int)lroundf(dbfs);
}

static sh_status compute(sh_call *call) {
  uint32_t rate_hz = call->sample_rate_hz, freq_hz = 440, up, keys, voice, file_hz;
  sh_pcm tone, begin, rest, back, said, read;
  sh_status failed = sh_kit_tones(call, &freq_hz, 1, PEAK, rate_hz, 1000, &tone);
  if (failed) return failed;
  sh_info("wrap tone %zu %d", tone.count, level(call, tone));
  if ((failed = sh_kit_resampler(call, rate_hz, 24000, &up))) return failed;
  if ((failed = sh_kit_resample(call, up, tone.samples, tone.count, &begin))) return failed;
  if ((failed = sh_kit_resample(call, up, NULL, 0, &rest))) return failed;
  sh_kit_close(call, up);
  sh_info("wrap resampled %zu %d", begin.count + rest.count, level(call, begin));
  for (sh_law law = SH_LAW_MU; law <= SH_LAW_A; law++) {
    sh_bytes coded;
    if ((failed = sh_kit_to_g711(call, law, tone.samples, tone.count, &coded))) return failed;
    if ((failed = sh_kit_from_g711(call, law, coded.data, coded.count, &back))) return failed;
    sh_info("wrap law %zu %d", coded.count, level(call, back));
    free(coded.data);
    free(back.samples);
  }
  const char *heard;
  sh_kit_voice speech;
  if ((failed = sh_kit_key_detector(call, rate_hz, &keys))) return failed;
  if ((failed = sh_kit_key_tones(call, "42#", PEAK, rate_hz, 80, &said))) return failed;
  if ((failed = sh_kit_hear_keys(call, keys, said.samples, said.count, &heard))) return failed;
  if ((failed = sh_kit_voice_detector(call, rate_hz, &voice))) return failed;
  if ((failed = sh_kit_hear_voice(call, voice, tone.samples, tone.count, &speech))) return failed;
  sh_info("wrap heard %s %s %s", heard, word(speech.speaks), word(speech.spoken_ms > 900 && speech.quiet_ms == 0));
  sh_bytes file;
  if ((failed = sh_kit_write_wav(call, rate_hz, tone.samples, tone.count, &file))) return failed;
  if ((failed = sh_kit_read_wav(call, file.data, file.count, &file_hz, &read))) return failed;
  sh_info("wrap wav %u %zu", (unsigned)file_hz, read.count);
  sh_info("wrap refused %s", code(call, sh_kit_key_tones(call, "E", PEAK, rate_hz, 1000, &said)));
  return SH_OK;
}

/* Tells the legs' keys apart. */
static sh_status tell(sh_call *call) {
  sh_status failed = sh_connect(call, 20);
  for (uint8_t leg = 2; leg > 0 && !failed; leg--) {
    sh_keys_on(call, leg);
    if (sh_sleep(call, 20000, SH_UNTIL_KEY) == SH_INTERRUPTED) sh_info("wrap leg %d %c", leg, sh_take_key(call));
  }
  return failed ? failed : sh_close(call);
}

sh_status handle(sh_call *call) {
  sh_status failed = sh_answer(call);
  const char *only = sh_config("only");
  if (!failed && only && strcmp(only, "legs") == 0) return tell(call);
  /* Where there is nobody else. */
  bool alone = only && strcmp(only, "place") == 0;
  if (!failed && !alone) failed = remember(call);
  if (!failed && !alone) failed = talk(call);
  if (!failed && !alone) failed = ask(call);
  if (!failed && !alone) failed = compute(call);
  if (!failed) failed = place(call);
  return failed ? failed : sh_close(call);
}
