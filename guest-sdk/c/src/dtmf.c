/* The keys that a caller presses, heard in band: each key is the sum of two tones (ITU-T Q.23).
 *
 * The audio is cut into blocks of 10 ms, in which one Goertzel filter a tone runs, and judged in windows of two blocks, so that
 * each block is filtered once. A key is a window that holds two tones of the eight and hardly anything else, both at their
 * pitch, which the turn of the phase from block to block tells. It counts when two windows in a row agree, which a key of 40 ms
 * always has, and ends when four in a row are without it. */

#include <math.h>

#include "switchhook.h"

#define TAU 6.28318530717958647692f

static const float TONES_HZ[8] = {697, 770, 852, 941, 1209, 1336, 1477, 1633};
static const char KEYS[4][4] = {{'1', '2', '3', 'A'}, {'4', '5', '6', 'B'}, {'7', '8', '9', 'C'}, {'*', '0', '#', 'D'}};

#define BLOCKS_PER_S 100
/* Windows in a row that make a key. */
#define WINDOWS_DOWN 2
/* Windows in a row without the key that make its end. A gap of 10 ms spoils three. */
#define WINDOWS_UP 4
/* Part of a window's energy that the two tones must hold. A pair that is 1.5 % off pitch holds 0.87. */
#define SHARE_MIN 0.84f
/* How far off pitch a tone may be, as a part of its pitch: 1.5 % must pass, 3.5 % must not. */
#define OFF_PITCH_MAX 0.025f
/* How much stronger one of the two may be than the other, as a ratio of energies: 8 dB. */
#define TWIST_MAX 6.3f
/* How much stronger each of the two is than the next tone of its group, as a ratio of energies: 6 dB. */
#define LEAD_MIN 4.0f
/* Mean energy of a sample below which there is no key: -42 dB below full scale. */
#define ENERGY_MIN (32767.0f * 32767.0f * 6.3e-5f)

sh_pcm sh_key_tone(char key, float amplitude, uint32_t sample_rate_hz, uint32_t ms) {
  if (key >= 'a' && key <= 'd') key = (char)(key - 'a' + 'A');
  for (size_t row = 0; row < 4; row++)
    for (size_t column = 0; column < 4; column++)
      if (KEYS[row][column] == key) {
        const float pair[2] = {TONES_HZ[row], TONES_HZ[4 + column]};
        return sh_tones(pair, 2, amplitude, sample_rate_hz, ms);
      }
  return sh_tones(NULL, 0, amplitude, sample_rate_hz, ms);
}

static void turn_by(float turn[2], float cycles) {
  float angle = (cycles - floorf(cycles)) * TAU;
  turn[0] = cosf(angle);
  turn[1] = sinf(angle);
}

void sh_detector_init(sh_detector *detector, uint32_t sample_rate_hz) {
  *detector = (sh_detector){.block = sample_rate_hz / BLOCKS_PER_S};
  if (detector->block == 0) detector->block = 1;
  for (size_t at = 0; at < 8; at++) {
    float cycles = TONES_HZ[at] / (float)(sample_rate_hz ? sample_rate_hz : 1);
    turn_by(detector->filters[at].turn, cycles);
    turn_by(detector->filters[at].block_turn, cycles * (float)detector->block);
    detector->filters[at].coefficient = 2 * detector->filters[at].turn[0];
  }
}

/* One tone in a window: the former block turned by one block, and the latter. Alike when the tone is at its pitch. */
typedef struct {
  float a[2], b[2];
} pair;

static float energy_of(pair tone) {
  float x = tone.a[0] + tone.b[0], y = tone.a[1] + tone.b[1];
  return x * x + y * y;
}

/* Its energy when it may be a little off pitch. */
static float energy_nearby(pair tone) {
  float sum = hypotf(tone.a[0], tone.a[1]) + hypotf(tone.b[0], tone.b[1]);
  return sum * sum;
}

static bool at_pitch(pair tone, float freq_hz) {
  float angle = atan2f(tone.a[0] * tone.b[1] - tone.a[1] * tone.b[0], tone.a[0] * tone.b[0] + tone.a[1] * tone.b[1]);
  return fabsf(angle / TAU * BLOCKS_PER_S / freq_hz) < OFF_PITCH_MAX;
}

/* The place of the tone that leads its group, or -1. */
static int leader(const pair tones[4]) {
  int first = 0;
  for (int at = 1; at < 4; at++)
    if (energy_of(tones[at]) > energy_of(tones[first])) first = at;
  for (int at = 0; at < 4; at++)
    if (at != first && energy_of(tones[first]) < energy_of(tones[at]) * LEAD_MIN) return -1;
  return first;
}

/* The key that a window of so many samples holds, by its tones and by the energy of all of it. */
static char key_in(const pair tones[8], float energy, uint32_t count) {
  if (energy < ENERGY_MIN * (float)count) return '\0';
  int row = leader(tones), column = leader(tones + 4);
  if (row < 0 || column < 0) return '\0';
  float low = energy_nearby(tones[row]), high = energy_nearby(tones[4 + column]);
  /* A pure tone of energy E in N samples shows as E * N / 2. */
  float share = (low + high) * 2 / (energy * (float)count);
  bool even = low < high * TWIST_MAX && high < low * TWIST_MAX;
  bool pitched = at_pitch(tones[row], TONES_HZ[row]) && at_pitch(tones[4 + column], TONES_HZ[4 + column]);
  return share >= SHARE_MIN && even && pitched ? KEYS[row][column] : '\0';
}

/* The key that was just found to be down. */
static char end_block(sh_detector *detector) {
  pair tones[8];
  for (size_t at = 0; at < 8; at++) {
    typeof(detector->filters[0]) *filter = &detector->filters[at];
    const float *before = filter->last, *turn = filter->block_turn;
    /* As seen from the block's last sample; the block before is turned by one block to be seen from there too. */
    tones[at].a[0] = before[0] * turn[0] - before[1] * turn[1];
    tones[at].a[1] = before[0] * turn[1] + before[1] * turn[0];
    filter->last[0] = tones[at].b[0] = filter->s1 - filter->turn[0] * filter->s2;
    filter->last[1] = tones[at].b[1] = filter->turn[1] * filter->s2;
    filter->s1 = filter->s2 = 0;
  }
  char found = key_in(tones, detector->energy + detector->energy_before, 2 * detector->block);
  detector->energy_before = detector->energy;
  detector->energy = 0;
  detector->agree = found && found == detector->candidate ? detector->agree + 1 : 1;
  detector->candidate = found;
  detector->without = found == detector->down ? 0 : detector->without + 1;
  if (found && found != detector->down && detector->agree >= WINDOWS_DOWN) {
    detector->down = found;
    return found;
  }
  if (detector->without >= WINDOWS_UP) detector->down = '\0';
  return '\0';
}

size_t sh_detector_hear(sh_detector *detector, const int16_t *samples, size_t count, char *keys, size_t room) {
  size_t pressed = 0;
  for (size_t i = 0; i < count; i++) {
    float sample = samples[i];
    detector->energy += sample * sample;
    for (size_t at = 0; at < 8; at++) {
      typeof(detector->filters[0]) *filter = &detector->filters[at];
      float s0 = sample + filter->coefficient * filter->s1 - filter->s2;
      filter->s2 = filter->s1;
      filter->s1 = s0;
    }
    if (++detector->in_block < detector->block) continue;
    detector->in_block = 0;
    char key = end_block(detector);
    if (key && pressed < room) keys[pressed++] = key;
  }
  return pressed;
}
