/* Audio without the host: sounds, prompts, and how loud it is. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "switchhook.h"

#define TAU 6.28318530717958647692f

/* A fade at both ends, ms: without it a tone begins and ends with a click. */
#define FADE_MS 4

static size_t samples_in(uint32_t sample_rate_hz, uint32_t ms) {
  return (size_t)((uint64_t)sample_rate_hz * ms / 1000);
}

/* Room for at least one sample, so that NULL means that there is no memory. */
static sh_pcm room_for(size_t count) {
  sh_pcm pcm = {calloc(count ? count : 1, sizeof(int16_t)), count};
  if (!pcm.samples) pcm.count = 0;
  return pcm;
}

sh_pcm sh_tone(float freq_hz, float amplitude, uint32_t sample_rate_hz, uint32_t ms) {
  return sh_tones(&freq_hz, 1, amplitude, sample_rate_hz, ms);
}

sh_pcm sh_tones(const float *freqs_hz, size_t freq_count, float amplitude, uint32_t sample_rate_hz, uint32_t ms) {
  sh_pcm pcm = room_for(samples_in(sample_rate_hz, ms));
  size_t fade = samples_in(sample_rate_hz, FADE_MS);
  if (fade > pcm.count / 2) fade = pcm.count / 2;
  if (fade == 0) fade = 1;
  float peak = (amplitude < 0 ? 0 : amplitude > 1 ? 1 : amplitude) * INT16_MAX;
  for (size_t i = 0; i < pcm.count; i++) {
    size_t edge = i < pcm.count - 1 - i ? i : pcm.count - 1 - i;
    float soft = edge < fade ? (float)edge / (float)fade : 1;
    double time_s = (double)i / sample_rate_hz;
    float sum = 0;
    for (size_t f = 0; f < freq_count; f++) {
      /* The whole periods are taken off first: a float would lose the phase of a long tone. */
      double periods = freqs_hz[f] * time_s;
      sum += sinf((float)(periods - floor(periods)) * TAU);
    }
    float value = sum * soft * peak;
    pcm.samples[i] = (int16_t)(value > INT16_MAX ? INT16_MAX : value < INT16_MIN ? INT16_MIN : value);
  }
  return pcm;
}

/* Samples of the lower rate that one sample of the result is made of, to each side. */
#define REACH 8
/* Filters are kept for so many places between two samples; odd ratios of rates use the nearest. */
#define PHASES_MAX 256

static float sinc(float x) {
  return fabsf(x) < 1e-6f ? 1 : sinf(TAU / 2 * x) / (TAU / 2 * x);
}

/* The weights of the samples around a place `phase` behind a sample, which add up to 1. */
static void make_filter(float *weights, float phase, float cutoff, size_t reach) {
  float sum = 0;
  for (size_t i = 0; i < 2 * reach; i++) {
    float distance = (float)i - ((float)reach - 1) - phase;
    weights[i] = sinc(distance * cutoff) * (0.5f + 0.5f * cosf(TAU / 2 * distance / (float)reach));
    sum += weights[i];
  }
  for (size_t i = 0; i < 2 * reach; i++) weights[i] /= sum;
}

sh_pcm sh_resample(const int16_t *samples, size_t count, uint32_t from_hz, uint32_t to_hz) {
  if (from_hz == to_hz || from_hz == 0 || to_hz == 0) {
    sh_pcm same = room_for(count);
    if (same.samples && count) memcpy(same.samples, samples, count * sizeof(int16_t));
    return same;
  }
  uint32_t a = from_hz, b = to_hz;
  while (b) {
    uint32_t rest = a % b;
    a = b;
    b = rest;
  }
  size_t phases = to_hz / a > PHASES_MAX ? PHASES_MAX : to_hz / a;
  float cutoff = to_hz < from_hz ? (float)to_hz / (float)from_hz : 1;
  size_t reach = (size_t)ceilf(REACH / cutoff);
  float *filters = malloc(phases * 2 * reach * sizeof(float));
  sh_pcm pcm = room_for((size_t)((uint64_t)count * to_hz / from_hz));
  if (!filters || !pcm.samples) {
    free(filters);
    free(pcm.samples);
    return (sh_pcm){NULL, 0};
  }
  for (size_t phase = 0; phase < phases; phase++)
    make_filter(filters + phase * 2 * reach, (float)phase / (float)phases, cutoff, reach);
  for (size_t i = 0; i < pcm.count; i++) {
    uint64_t at = (uint64_t)i * from_hz;
    const float *filter = filters + (size_t)((at % to_hz) * phases / to_hz) * 2 * reach;
    int64_t first = (int64_t)(at / to_hz) - (int64_t)reach + 1;
    float sum = 0;
    for (size_t k = 0; k < 2 * reach; k++) {
      int64_t place = first + (int64_t)k;
      /* Beyond both ends is silence. */
      if (place >= 0 && place < (int64_t)count) sum += filter[k] * samples[place];
    }
    sum = roundf(sum);
    pcm.samples[i] = (int16_t)(sum > INT16_MAX ? INT16_MAX : sum < INT16_MIN ? INT16_MIN : sum);
  }
  free(filters);
  return pcm;
}

static uint32_t little(const uint8_t *at, size_t bytes) {
  uint32_t value = 0;
  for (size_t i = 0; i < bytes; i++) value |= (uint32_t)at[i] << (8 * i);
  return value;
}

sh_pcm sh_wav(const uint8_t *file, size_t bytes, uint32_t sample_rate_hz) {
  const sh_pcm nothing = {NULL, 0};
  if (bytes < 12 || memcmp(file, "RIFF", 4) != 0 || memcmp(file + 8, "WAVE", 4) != 0) return nothing;
  uint32_t rate_hz = 0;
  for (size_t at = 12; at + 8 <= bytes;) {
    const uint8_t *body = file + at + 8;
    size_t said = little(file + at + 4, 4), there = bytes - at - 8;
    size_t length = said < there ? said : there;
    if (memcmp(file + at, "fmt ", 4) == 0) {
      bool fits = length >= 16 && little(body, 2) == 1 && little(body + 2, 2) == 1 && little(body + 14, 2) == 16;
      if (!fits) return nothing;
      rate_hz = little(body + 4, 4);
    } else if (memcmp(file + at, "data", 4) == 0) {
      if (rate_hz == 0) return nothing;
      sh_pcm own = room_for(length / 2);
      for (size_t i = 0; i < own.count; i++) own.samples[i] = (int16_t)little(body + 2 * i, 2);
      sh_pcm pcm = own.samples ? sh_resample(own.samples, own.count, rate_hz, sample_rate_hz) : nothing;
      free(own.samples);
      return pcm;
    }
    /* Chunks begin at even places. */
    if (said > there) break;
    at += 8 + said + said % 2;
  }
  return nothing;
}

/* What silence measures, dB below full scale. */
#define LEVEL_DBFS_MIN -96.0f
/* Part of audio that is judged at once, ms. */
#define PART_MS 10
/* Loud parts in a row, or nearly, that make speech. */
#define LOUD_PARTS 4
/* Never taken for speech, dB below full scale. */
#define SPEECH_DBFS_MIN -42.0f
/* Speech is louder than the noise behind it by this, dB. */
#define ABOVE_NOISE_DB 12.0f
/* The noise behind is no louder than this, dB below full scale: steady speech must not pass for noise. */
#define NOISE_DBFS_MAX -40.0f

static float level(uint64_t energy, size_t count) {
  if (energy == 0) return LEVEL_DBFS_MIN;
  double full_scale = (double)INT16_MAX * INT16_MAX;
  float dbfs = (float)(10 * log10((double)energy / (double)count / full_scale));
  return dbfs < LEVEL_DBFS_MIN ? LEVEL_DBFS_MIN : dbfs;
}

float sh_level_dbfs(const int16_t *samples, size_t count) {
  uint64_t energy = 0;
  for (size_t i = 0; i < count; i++) energy += (uint64_t)((int32_t)samples[i] * samples[i]);
  return level(energy, count);
}

void sh_voice_init(sh_voice *voice, uint32_t sample_rate_hz) {
  *voice = (sh_voice){.part = sample_rate_hz * PART_MS / 1000, .noise_dbfs = -60};
  if (voice->part == 0) voice->part = 1;
}

static void judge(sh_voice *voice, float level_dbfs) {
  float least = voice->noise_dbfs + ABOVE_NOISE_DB;
  bool loud = level_dbfs > (least > SPEECH_DBFS_MIN ? least : SPEECH_DBFS_MIN);
  /* Down at once, up slowly: a voice pauses, noise does not. */
  float rise_db = level_dbfs > voice->noise_dbfs ? 0.05f : 3;
  float low = voice->noise_dbfs - rise_db, high = voice->noise_dbfs + rise_db;
  voice->noise_dbfs = level_dbfs < low ? low : level_dbfs > high ? high : level_dbfs;
  if (voice->noise_dbfs > NOISE_DBFS_MAX) voice->noise_dbfs = NOISE_DBFS_MAX;
  if (loud && voice->loud_parts < 2 * LOUD_PARTS) voice->loud_parts++;
  if (!loud && voice->loud_parts > 0) voice->loud_parts--;
  if (voice->loud_parts >= LOUD_PARTS) {
    voice->spoken_ms += PART_MS;
    voice->quiet_ms = 0;
  } else {
    voice->quiet_ms += PART_MS;
  }
}

bool sh_voice_hear(sh_voice *voice, const int16_t *samples, size_t count) {
  for (size_t i = 0; i < count; i++) {
    voice->energy += (uint64_t)((int32_t)samples[i] * samples[i]);
    if (++voice->in_part == voice->part) {
      judge(voice, level(voice->energy, voice->part));
      voice->in_part = 0;
      voice->energy = 0;
    }
  }
  return voice->loud_parts >= LOUD_PARTS;
}
