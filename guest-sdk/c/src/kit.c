/* The host's audio kit. */

#include <stdlib.h>
#include <string.h>

#include "inside.h"
#include "switchhook_services.h"

static call_handler_list_u8_t lend_pcm(const int16_t *samples, size_t count) {
  return (call_handler_list_u8_t){(uint8_t *)samples, count * sizeof *samples};
}

/* What the host made, which is `malloc`'s, and ours from here on. */
static sh_pcm own_pcm(call_handler_list_u8_t made) { return (sh_pcm){(int16_t *)made.ptr, made.len / sizeof(int16_t)}; }

static sh_status pcm(bool answered, call_handler_list_u8_t *audio, sh_pcm *made, host_failure *refused) {
  *made = answered ? own_pcm(*audio) : (sh_pcm){NULL, 0};
  return answered ? SH_OK : sh_failed(refused);
}

static sh_status bytes(bool answered, call_handler_list_u8_t *given, sh_bytes *made, host_failure *refused) {
  *made = answered ? (sh_bytes){given->ptr, given->len} : (sh_bytes){NULL, 0};
  return answered ? SH_OK : sh_failed(refused);
}

sh_status sh_kit_resampler(sh_call *call, uint32_t from_hz, uint32_t to_hz, uint32_t *tool) {
  (void)call;
  host_failure refused;
  return switchhook_handler_audio_kit_open_resampler(from_hz, to_hz, tool, &refused) ? SH_OK : sh_failed(&refused);
}

sh_status sh_kit_resample(sh_call *call, uint32_t tool, const int16_t *samples, size_t count, sh_pcm *made) {
  (void)call;
  call_handler_list_u8_t audio = lend_pcm(samples, count), answer = {NULL, 0};
  host_failure refused;
  bool answered = samples ? switchhook_handler_audio_kit_resample(tool, &audio, &answer, &refused)
                          : switchhook_handler_audio_kit_finish_resampling(tool, &answer, &refused);
  return pcm(answered, &answer, made, &refused);
}

sh_status sh_kit_key_detector(sh_call *call, uint32_t sample_rate_hz, uint32_t *tool) {
  (void)call;
  host_failure refused;
  return switchhook_handler_audio_kit_open_key_detector(sample_rate_hz, tool, &refused) ? SH_OK : sh_failed(&refused);
}

sh_status sh_kit_hear_keys(sh_call *call, uint32_t tool, const int16_t *samples, size_t count, const char **keys) {
  static char *heard;
  (void)call;
  call_handler_list_u8_t audio = lend_pcm(samples, count);
  call_handler_string_t text;
  host_failure refused;
  if (!switchhook_handler_audio_kit_hear_keys(tool, &audio, &text, &refused)) return sh_failed(&refused);
  free(heard);
  *keys = heard = sh_text(&text);
  return SH_OK;
}

sh_status sh_kit_voice_detector(sh_call *call, uint32_t sample_rate_hz, uint32_t *tool) {
  (void)call;
  host_failure refused;
  return switchhook_handler_audio_kit_open_voice_detector(sample_rate_hz, tool, &refused) ? SH_OK : sh_failed(&refused);
}

sh_status sh_kit_hear_voice(sh_call *call, uint32_t tool, const int16_t *samples, size_t count, sh_kit_voice *voice) {
  (void)call;
  call_handler_list_u8_t audio = lend_pcm(samples, count);
  switchhook_handler_audio_kit_voice_t heard;
  host_failure refused;
  if (!switchhook_handler_audio_kit_hear_voice(tool, &audio, &heard, &refused)) return sh_failed(&refused);
  *voice = (sh_kit_voice){heard.speaks, heard.spoken_ms, heard.quiet_ms};
  return SH_OK;
}

void sh_kit_close(sh_call *call, uint32_t tool) { (void)call, switchhook_handler_audio_kit_close(tool); }

sh_status sh_kit_level_dbfs(sh_call *call, const int16_t *samples, size_t count, float *dbfs) {
  (void)call;
  call_handler_list_u8_t audio = lend_pcm(samples, count);
  host_failure refused;
  return switchhook_handler_audio_kit_level_dbfs(&audio, dbfs, &refused) ? SH_OK : sh_failed(&refused);
}

sh_status sh_kit_tones(sh_call *call, const uint32_t *freqs_hz, size_t freq_count, uint16_t peak, uint32_t sample_rate_hz,
                       uint32_t ms, sh_pcm *made) {
  (void)call;
  call_handler_list_u32_t freqs = {(uint32_t *)freqs_hz, freq_count};
  call_handler_list_u8_t answer;
  host_failure refused;
  bool answered = switchhook_handler_audio_kit_tones(&freqs, peak, ms, sample_rate_hz, &answer, &refused);
  return pcm(answered, &answer, made, &refused);
}

sh_status sh_kit_key_tones(sh_call *call, const char *keys, uint16_t peak, uint32_t sample_rate_hz, uint32_t ms, sh_pcm *made) {
  (void)call;
  call_handler_string_t pressed = sh_lend(keys);
  call_handler_list_u8_t answer;
  host_failure refused;
  bool answered = switchhook_handler_audio_kit_key_tones(&pressed, peak, ms, sample_rate_hz, &answer, &refused);
  return pcm(answered, &answer, made, &refused);
}

sh_status sh_kit_to_g711(sh_call *call, sh_law law, const int16_t *samples, size_t count, sh_bytes *coded) {
  (void)call;
  call_handler_list_u8_t audio = lend_pcm(samples, count), answer;
  host_failure refused;
  bool answered =
      switchhook_handler_audio_kit_to_g711((switchhook_handler_audio_kit_law_t)law, &audio, &answer, &refused);
  return bytes(answered, &answer, coded, &refused);
}

sh_status sh_kit_from_g711(sh_call *call, sh_law law, const void *coded, size_t count, sh_pcm *made) {
  (void)call;
  call_handler_list_u8_t given = {(uint8_t *)coded, count}, answer;
  host_failure refused;
  bool answered =
      switchhook_handler_audio_kit_from_g711((switchhook_handler_audio_kit_law_t)law, &given, &answer, &refused);
  return pcm(answered, &answer, made, &refused);
}

sh_status sh_kit_read_wav(sh_call *call, const void *file, size_t count, uint32_t *sample_rate_hz, sh_pcm *made) {
  (void)call;
  call_handler_list_u8_t given = {(uint8_t *)file, count};
  switchhook_handler_audio_kit_sound_t sound;
  host_failure refused;
  bool answered = switchhook_handler_audio_kit_read_wav(&given, &sound, &refused);
  if (answered) *sample_rate_hz = sound.sample_rate_hz;
  return pcm(answered, &sound.pcm, made, &refused);
}

sh_status sh_kit_write_wav(sh_call *call, uint32_t sample_rate_hz, const int16_t *samples, size_t count, sh_bytes *file) {
  (void)call;
  switchhook_handler_audio_kit_sound_t sound = {sample_rate_hz, lend_pcm(samples, count)};
  call_handler_list_u8_t answer;
  host_failure refused;
  bool answered = switchhook_handler_audio_kit_write_wav(&sound, &answer, &refused);
  return bytes(answered, &answer, file, &refused);
}
