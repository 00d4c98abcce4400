/* Other hosts, a memory, further calls and the host's audio kit, for handlers in C. What a handler does not use is not linked, and
 * its interface is not imported.
 *
 * Nothing here waits for another host: what becomes of a socket, a request or what was placed comes by `sh_next`, as the kinds
 * `SH_SOCKET_OPEN` to `SH_PLACED`. The memory waits for the host's disk, a moment.
 */
#ifndef SWITCHHOOK_SERVICES_H
#define SWITCHHOOK_SERVICES_H

#include "switchhook.h"

#ifdef __cplusplus
extern "C" {
#endif

/* -- WebSockets to granted hosts ----------------------------------------------------------------------------------------- */

/* Begins to open one; `SH_SOCKET_OPEN` or `SH_SOCKET_CLOSED` follows, within ten seconds. Secrets are put in by the host. */
sh_status sh_socket_open(sh_call *call, const char *url, const sh_field *headers, size_t header_count, uint32_t *socket);
/* Sends a message whole. `SH_FULL`: the socket is behind, nothing was taken, and `SH_SOCKET_WRITABLE` follows. */
sh_status sh_socket_send_text(sh_call *call, uint32_t socket, const char *text);
sh_status sh_socket_send(sh_call *call, uint32_t socket, const void *data, size_t bytes);
/* Begins to close it; `SH_SOCKET_CLOSED` follows. */
void sh_socket_close(sh_call *call, uint32_t socket, uint16_t code, const char *reason);

/* -- HTTP to granted hosts ----------------------------------------------------------------------------------------------- */

/* Sends a request: `SH_HTTP_HEAD`, any number of `SH_HTTP_BODY` and one `SH_HTTP_END` follow, or only the last. */
sh_status sh_http_request(sh_call *call, const char *method, const char *url, const sh_field *headers, size_t header_count,
                          const void *body, size_t bytes, uint32_t *request);
void sh_http_cancel(sh_call *call, uint32_t request);

/* -- Further calls and chats, with the grant `calls` --------------------------------------------------------------------- */

/* Its steps follow as `SH_PLACED`. What is placed has a handler of its own. */
sh_status sh_place(sh_call *call, const char *to, const char *plugin, uint32_t *placed);
sh_status sh_begin_chat(sh_call *call, const char *to, const char *plugin, uint32_t *placed);

/* -- What the plugin remembers, with the grant `key_value` --------------------------------------------------------------- */

/* Bytes that were made: `free(bytes.data)` when they are not needed. A NUL that is not counted stands behind them. */
typedef struct sh_bytes {
  uint8_t *data; /* NULL: there are none */
  size_t count;
} sh_bytes;

/* The present value; `data` is NULL when there is none. */
sh_status sh_store_get(sh_call *call, const char *key, sh_bytes *value);
/* Durable when it returns. Forgotten after so many seconds; 0: never. */
sh_status sh_store_set(sh_call *call, const char *key, const void *value, size_t bytes, uint32_t ttl_s);
sh_status sh_store_delete(sh_call *call, const char *key);
/* Sets only when the present value is `expected` (`data` is NULL: there is none). `*done`: it was. */
sh_status sh_store_compare_and_set(sh_call *call, const char *key, sh_bytes expected, const void *value, size_t bytes,
                                   uint32_t ttl_s, bool *done);

/* -- The host's audio kit: native speed, no grant ------------------------------------------------------------------------
 * Up to 96,000 samples at once, given or asked for. A call may have eight resamplers and detectors: then `SH_FULL`. What was made
 * is freed by `free`. */

sh_status sh_kit_resampler(sh_call *call, uint32_t from_hz, uint32_t to_hz, uint32_t *tool);
/* What is certain by now, up to 60 ms behind. With `samples` NULL: the rest, and it begins anew. */
sh_status sh_kit_resample(sh_call *call, uint32_t tool, const int16_t *samples, size_t count, sh_pcm *made);
sh_status sh_kit_key_detector(sh_call *call, uint32_t sample_rate_hz, uint32_t *tool);
/* The keys that were pressed in this audio, as a text, usually empty. It lives until the next call of this function. */
sh_status sh_kit_hear_keys(sh_call *call, uint32_t tool, const int16_t *samples, size_t count, const char **keys);
sh_status sh_kit_voice_detector(sh_call *call, uint32_t sample_rate_hz, uint32_t *tool);
typedef struct sh_kit_voice {
  bool speaks;                  /* at the end of this audio */
  uint32_t spoken_ms, quiet_ms; /* for how long somebody has spoken in all, and nobody has; ms of audio */
} sh_kit_voice;
sh_status sh_kit_hear_voice(sh_call *call, uint32_t tool, const int16_t *samples, size_t count, sh_kit_voice *voice);
/* Gives a resampler or detector back. */
void sh_kit_close(sh_call *call, uint32_t tool);

/* dB below full scale; silence is -96. */
sh_status sh_kit_level_dbfs(sh_call *call, const int16_t *samples, size_t count, float *dbfs);
/* `peak` is that of each tone, of 32767. */
sh_status sh_kit_tones(sh_call *call, const uint32_t *freqs_hz, size_t freq_count, uint16_t peak, uint32_t sample_rate_hz,
                       uint32_t ms, sh_pcm *made);
/* Keys as their tones, each for so many milliseconds and with as long a pause behind it. */
sh_status sh_kit_key_tones(sh_call *call, const char *keys, uint16_t peak, uint32_t sample_rate_hz, uint32_t ms, sh_pcm *made);
typedef enum sh_law { SH_LAW_MU, SH_LAW_A } sh_law;
/* G.711, one byte a sample. */
sh_status sh_kit_to_g711(sh_call *call, sh_law law, const int16_t *samples, size_t count, sh_bytes *coded);
sh_status sh_kit_from_g711(sh_call *call, sh_law law, const void *coded, size_t bytes, sh_pcm *made);
/* WAV files: 8 or 16-bit PCM is read, the mean of both sides of a stereo file; 16-bit PCM, mono, is written. */
sh_status sh_kit_read_wav(sh_call *call, const void *file, size_t bytes, uint32_t *sample_rate_hz, sh_pcm *made);
sh_status sh_kit_write_wav(sh_call *call, uint32_t sample_rate_hz, const int16_t *samples, size_t count, sh_bytes *file);

#ifdef __cplusplus
}
#endif

#endif
