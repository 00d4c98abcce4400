/* The audio kit, on the machine that builds it. A failing check names its line; the exit code tells how many failed. */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <switchhook.h>

static int failed;

#define CHECK(holds, ...)                         \
  do {                                            \
    if (!(holds)) {                               \
      failed++;                                   \
      fprintf(stderr, "line %d: %s: ", __LINE__, #holds); \
      fprintf(stderr, __VA_ARGS__);               \
      fputc('\n', stderr);                        \
    }                                             \
  } while (0)

static const uint32_t RATES_HZ[] = {8000, 16000, 24000};
static const char KEYS[] = "123A456B789C*0#D";

/* Numbers that look random, and are the same each time. */
static uint32_t state = 7;
static int noise(int peak) {
  state = state * 1664525 + 1013904223;
  return (int)((double)(state >> 8) / (1 << 24) * (2 * peak + 1)) - peak;
}

static size_t put(int16_t *to, sh_pcm pcm) {
  memcpy(to, pcm.samples, pcm.count * sizeof *to);
  free(pcm.samples);
  return pcm.count;
}

/* What a fresh detector hears, in frames of 20 ms. */
static const char *heard(const int16_t *samples, size_t count, uint32_t rate_hz) {
  static char keys[256];
  size_t pressed = 0;
  sh_detector detector;
  sh_detector_init(&detector, rate_hz);
  for (size_t at = 0; at < count; at += rate_hz / 50) {
    size_t frame = count - at < rate_hz / 50 ? count - at : rate_hz / 50;
    pressed += sh_detector_hear(&detector, samples + at, frame, keys + pressed, sizeof keys - 1 - pressed);
  }
  keys[pressed] = '\0';
  return keys;
}

/* Every key, pressed for so long, with a pause behind it, after an odd beginning. */
static size_t dialled(int16_t *to, uint32_t rate_hz, uint32_t key_ms, uint32_t pause_ms, size_t offset, float amplitude) {
  size_t count = offset;
  memset(to, 0, offset * sizeof *to);
  for (const char *key = KEYS; *key; key++) {
    count += put(to + count, sh_key_tone(*key, amplitude, rate_hz, key_ms));
    memset(to + count, 0, rate_hz * pause_ms / 1000 * sizeof *to);
    count += rate_hz * pause_ms / 1000;
  }
  return count;
}

static void keys_are_heard_and_nothing_else(int16_t *room) {
  for (size_t r = 0; r < 3; r++) {
    uint32_t rate_hz = RATES_HZ[r];
    for (size_t offset = 0; offset < rate_hz / 100; offset += 7) {
      const char *keys = heard(room, dialled(room, rate_hz, 100, 100, offset, 0.16f), rate_hz);
      CHECK(strcmp(keys, KEYS) == 0, "%s at %u", keys, rate_hz);
      /* The soft ends belong to the pause. */
      keys = heard(room, dialled(room, rate_hz, 44, 40, offset, 0.16f), rate_hz);
      CHECK(strcmp(keys, KEYS) == 0, "%s at %u, 40 ms", keys, rate_hz);
      keys = heard(room, dialled(room, rate_hz, 24, 60, offset, 0.16f), rate_hz);
      CHECK(strcmp(keys, "") == 0, "%s at %u, 24 ms", keys, rate_hz);
    }
    size_t count = dialled(room, rate_hz, 70, 70, 11, 0.16f);
    for (size_t at = 0; at < count; at++) room[at] = (int16_t)(room[at] + noise(1550));
    CHECK(strcmp(heard(room, count, rate_hz), KEYS) == 0, "in noise, at %u", rate_hz);
    for (size_t at = 0; at < rate_hz * 20; at++) room[at] = (int16_t)noise(12000);
    CHECK(strcmp(heard(room, rate_hz * 20, rate_hz), "") == 0, "noise at %u", rate_hz);
  }
  CHECK(strcmp(heard(room, put(room, sh_key_tone('5', 0.16f, 8000, 3000)), 8000), "5") == 0, "held for seconds");
  for (float freq_hz = 300; freq_hz < 3400; freq_hz += 7)
    CHECK(!*heard(room, put(room, sh_tone(freq_hz, 0.3f, 8000, 200)), 8000), "%g Hz", freq_hz);
  const float off[4] = {1.015f, 0.985f, 1.04f, 0.96f};
  for (size_t at = 0; at < 4; at++) {
    const float pair[2] = {770 * off[at], 1477 * off[at]};
    const char *keys = heard(room, put(room, sh_tones(pair, 2, 0.16f, 16000, 100)), 16000);
    CHECK(strcmp(keys, at < 2 ? "6" : "") == 0, "%s, off pitch by %g", keys, off[at]);
  }
}

static void rates_are_changed(void) {
  for (size_t from = 0; from < 3; from++)
    for (size_t to = 0; to < 3; to++) {
      sh_pcm made = sh_tone(1000, 0.5f, RATES_HZ[to], 500);
      sh_pcm own = sh_tone(1000, 0.5f, RATES_HZ[from], 500);
      sh_pcm changed = sh_resample(own.samples, own.count, RATES_HZ[from], RATES_HZ[to]);
      CHECK(changed.count == made.count, "%zu", changed.count);
      for (size_t at = 0; at < made.count; at++) made.samples[at] = (int16_t)(made.samples[at] - changed.samples[at]);
      CHECK(sh_level_dbfs(made.samples, made.count) < -39, "from %u to %u", RATES_HZ[from], RATES_HZ[to]);
      free(made.samples);
      free(own.samples);
      free(changed.samples);
    }
  sh_pcm high = sh_tone(6000, 0.5f, 24000, 500), low = sh_resample(high.samples, high.count, 24000, 8000);
  CHECK(sh_level_dbfs(low.samples, low.count) < -50, "what 8 kHz cannot hold");
  free(high.samples);
  free(low.samples);
}

static void speech_is_told_from_noise(void) {
  for (size_t r = 0; r < 3; r++)
    for (size_t frame = 80; frame < 700; frame += 187) {
      sh_voice voice;
      sh_voice_init(&voice, RATES_HZ[r]);
      int16_t samples[700];
      bool spoke = false;
      for (size_t at = 0; at < RATES_HZ[r]; at += frame) {
        for (size_t i = 0; i < frame; i++) samples[i] = (int16_t)noise(100);
        spoke |= sh_voice_hear(&voice, samples, frame);
      }
      CHECK(!spoke && voice.quiet_ms >= 980 && voice.spoken_ms == 0, "quiet at %u", RATES_HZ[r]);
      for (size_t at = 0; at < RATES_HZ[r] / 20; at += frame) {
        for (size_t i = 0; i < frame; i++) samples[i] = (int16_t)noise(3000);
        spoke |= sh_voice_hear(&voice, samples, frame);
      }
      CHECK(spoke && voice.spoken_ms > 0, "known within 50 ms at %u, frames of %zu", RATES_HZ[r], frame);
    }
  CHECK(fabsf(sh_level_dbfs((const int16_t[]){0, 0}, 2) + 96) < 0.01f, "silence");
  sh_pcm full = sh_tone(1000, 1, 8000, 1000);
  CHECK(fabsf(sh_level_dbfs(full.samples, full.count) + 3) < 0.1f, "a full-scale sine");
  free(full.samples);
}

static void files_are_read_as_far_as_they_go(void) {
  const uint8_t file[] =
      "RIFF\0\0\0\0WAVELIST\3\0\0\0abc\0fmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0"
      "data\4\0\0\0\1\0\xff\xff";
  size_t bytes = sizeof file - 1;
  sh_pcm pcm = sh_wav(file, bytes, 8000);
  CHECK(pcm.count == 2 && pcm.samples[0] == 1 && pcm.samples[1] == -1, "%zu samples", pcm.count);
  free(pcm.samples);
  pcm = sh_wav(file, bytes - 1, 8000);
  CHECK(pcm.count == 1, "cut in a sample: %zu", pcm.count);
  free(pcm.samples);
  for (size_t length = 0; length < bytes - 4; length++) {
    pcm = sh_wav(file, length, 8000);
    CHECK(!pcm.samples, "cut at %zu", length);
    free(pcm.samples);
  }
  uint8_t stereo[sizeof file];
  memcpy(stereo, file, sizeof file);
  stereo[12 + 12 + 8 + 2] = 2;
  CHECK(!sh_wav(stereo, bytes, 8000).samples, "two channels");
}

int main(void) {
  int16_t *room = malloc(24000 * 30 * sizeof *room);
  keys_are_heard_and_nothing_else(room);
  free(room);
  rates_are_changed();
  speech_is_told_from_noise();
  files_are_read_as_far_as_they_go();
  fprintf(stderr, failed ? "%d checks of the audio kit failed\n" : "the audio kit of C: all checks hold\n", failed);
  return failed ? 1 : 0;
}
