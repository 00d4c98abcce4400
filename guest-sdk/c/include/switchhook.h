/* Call handlers in C: one function, one call.
 *
 *   sh_status handle(sh_call *call);
 *
 * An instance serves one call, so there is one `sh_call`, and no function here is needed outside of `handle`. What an author
 * has no function for here is called through the bindings of the contract, <call_handler.h>. Every name begins with `sh_`.
 *
 * Whatever takes time waits for the host's events, and the call goes on meanwhile: keys are noted, outcomes and marks find
 * their way, audio that nobody asked for is dropped. Units stand in the names: `_ms`, `_s`, `_hz`; `count` is in samples.
 * PCM is signed 16-bit, mono, at the call's rate.
 */
#ifndef SWITCHHOOK_H
#define SWITCHHOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What came of it. `sh_failure_of` has the code and the message of whatever is not `SH_OK` or `SH_INTERRUPTED`. */
typedef enum sh_status {
  SH_OK = 0,
  SH_INTERRUPTED,   /* what the wait was to watch for came first */
  SH_NOT_NOW,       /* not legal in this state of the call, or the same is under way */
  SH_NOT_SUPPORTED, /* this carrier cannot */
  SH_NOT_GRANTED,   /* the plugin's grants do not cover it */
  SH_INVALID,       /* a bad argument */
  SH_FULL,          /* a bounded queue or table is full; nothing was taken */
  SH_TIMEOUT,       /* no answer within the deadline */
  SH_LINK_LOST,     /* the call's socket died before the answer */
  SH_ENDED,         /* the call is over */
  SH_STORAGE,       /* the host's disk failed, is full or did not answer */
  SH_UNANSWERED,    /* CALL_UNANSWERED: the number that `sh_connect` rang did not pick up */
  SH_INVALID_COMMAND, /* not legal for the server where the call stands */
  SH_FAILED,        /* any other code, of the carrier or of your own */
} sh_status;

typedef struct sh_failure {
  const char *code;    /* for programs: `FULL`, `CALL_UNANSWERED`, ... */
  const char *message; /* for people */
} sh_failure;

typedef struct sh_field {
  const char *name, *value;
} sh_field;

/* What is known of the call when it begins. */
typedef struct sh_call {
  const char *id;      /* unique within the host */
  const char *tenant, *carrier;
  const char *caller, *callee; /* as the carrier writes them */
  bool outbound;       /* the host placed the call */
  bool resumed;        /* an earlier instance served this call and was lost */
  uint32_t sample_rate_hz;
  const uint8_t *channels; /* that carry audio at some time; 0 is the call */
  size_t channel_count;
  const sh_field *fields;  /* what else the carrier said */
  size_t field_count;
} sh_call;

/* The program: `SH_OK` at the end of the call, or to close it. Any other status hands the call to the operator's fault policy,
 * with the code and message of the last failure; `SH_ENDED` and `SH_LINK_LOST` of a call that is over are a good end too. */
sh_status handle(sh_call *call);

/* The last failure of this call. Never null; empty before the first. It lives until the next failure. */
const sh_failure *sh_failure_of(sh_call *call);

/* A failure of your own, for `return sh_fail(call, "MY_CODE", "what %s", happened)`. Always `SH_FAILED`. */
__attribute__((format(printf, 3, 4))) sh_status sh_fail(sh_call *call, const char *code, const char *format, ...);

/* -- Commands ------------------------------------------------------------------------------------------------------------
 * Each waits for its outcome: `SH_OK`, the refusal, or the carrier's answer. Deadline 10 s. */

sh_status sh_answer(sh_call *call);
/* Rings the number that was originally called and bridges it in. 1 to 120 s, and the deadline. `SH_UNANSWERED` leaves the call
 * as it was. */
sh_status sh_connect(sh_call *call, uint32_t ring_time_s);
/* Who hears this handler from then on: the number's subscriber, both parties, nobody. */
sh_status sh_whisper(sh_call *call);
sh_status sh_barge(sh_call *call);
sh_status sh_spy(sh_call *call);
/* Ends the call for everyone. */
sh_status sh_disconnect(sh_call *call);
/* Leaves the call: connected parties stay connected, else the call ends. Returning from `handle` does the same. */
sh_status sh_close(sh_call *call);
/* Ends the call for everyone, whatever its state: where `sh_disconnect` is no legal command yet, by `sh_close`. */
sh_status sh_hang_up(sh_call *call);

/* The same without waiting: do something else meanwhile, with `SH_UNTIL_OUTCOME`, and then `sh_finish`. */
typedef uint32_t sh_command;
sh_status sh_begin_connect(sh_call *call, uint32_t ring_time_s, sh_command *command);
/* Waits for the outcome of a command that was begun. */
sh_status sh_finish(sh_call *call, sh_command command);

/* `pending`, `answered`, `connected`, `ended`. It lives until the next call of this function. */
const char *sh_state(sh_call *call);
/* Why the call is over: `terminated`, `closed`, ... NULL while it lives. */
const char *sh_end_reason(sh_call *call);

/* -- Waiting -------------------------------------------------------------------------------------------------------------
 * What ends a wait early, with `SH_INTERRUPTED`; several are or-ed. Pass 0 to wait to the end. The end of the call ends each
 * wait with `SH_ENDED`. */
enum {
  SH_UNTIL_KEY = 1,     /* the caller presses a key, or has pressed one that was not taken: see `sh_keys` */
  SH_UNTIL_SPEECH = 2,  /* somebody speaks on channel 0: known about 50 ms after they began */
  SH_UNTIL_OUTCOME = 4, /* a command that was begun is done: see `sh_finish` */
};

sh_status sh_sleep(sh_call *call, uint32_t ms, unsigned until);

/* From now on keys are heard in band, as DTMF tones on channel 0 (keys that are signalled are taken in any case). 32 wait to be
 * taken, then the oldest are dropped. It works on every sample of whoever speaks: switch it on when keys are wanted. */
void sh_keys(sh_call *call, bool wanted);
/* The same, for the keys of one party alone, signalled or in band, where the legs of a connected call are heard apart: channel 1
 * is the caller's, 2 the callee's, and 0 the call, as unless told. From now on, also before the legs are there. */
void sh_keys_on(sh_call *call, uint8_t channel);
/* The oldest key that was not taken: 0 to 9, *, #, A to D. '\0' when there is none. */
char sh_take_key(sh_call *call);

/* -- Speaking ----------------------------------------------------------------------------------------------------------- */

/* Queues audio, all or nothing, without waiting: `SH_FULL`, `SH_NOT_NOW` before the answer, `SH_ENDED`. */
sh_status sh_play(sh_call *call, const int16_t *samples, size_t count);
/* Says audio of any length, at most a second ahead, and waits until it was heard. Interrupted, it falls silent. */
sh_status sh_say(sh_call *call, const int16_t *samples, size_t count, unsigned until);
/* Waits until what is queued was heard. Interrupted, it goes on: `sh_clear` silences it. */
sh_status sh_heard(sh_call *call, unsigned until);
/* Falls silent. */
void sh_clear(sh_call *call);

/* A WAV file (16-bit PCM, mono, of any rate) that is built in:
 *
 *   static const uint8_t hello_wav[] = {
 *   #embed "hello.wav"
 *   };
 *   static sh_prompt hello = SH_PROMPT(hello_wav);
 *
 * It is read and resampled when it is said first, and kept. */
typedef struct sh_prompt {
  const uint8_t *wav;
  size_t wav_bytes;
  int16_t *samples; /* once it was said */
  size_t count;
} sh_prompt;
#define SH_PROMPT(wav) {(wav), sizeof(wav), NULL, 0}

sh_status sh_say_prompt(sh_call *call, sh_prompt *prompt, unsigned until);
/* Says a prompt and waits for a key: until the prompt is over, and `patience_ms` longer. A key silences it. `*key` is '\0' when
 * none came. */
sh_status sh_ask(sh_call *call, sh_prompt *prompt, uint32_t patience_ms, char *key);

/* What became of the audio that was played, in samples. `sent + queued + dropped` is all that was taken. */
typedef struct sh_ledger {
  uint64_t queued, sent, heard, dropped;
  bool exact; /* the carrier itself confirmed `heard` */
} sh_ledger;
sh_ledger sh_position(sh_call *call);

/* -- Recording, with its grant ------------------------------------------------------------------------------------------ */

typedef enum sh_side { SH_SIDE_HEARD, SH_SIDE_SAID, SH_SIDE_BOTH, SH_SIDE_LEGS } sh_side;

/* Starts a recording; its reference lives as long as the call. The host leaves a valid file whatever happens. */
sh_status sh_record(sh_call *call, sh_side side, const char **reference);
sh_status sh_record_stop(sh_call *call);
/* Queues a recording of this plugin: whole, or `SH_FULL`. */
sh_status sh_play_recording(sh_call *call, const char *reference);
sh_status sh_delete_recording(sh_call *call, const char *reference);

/* -- As an event loop ----------------------------------------------------------------------------------------------------
 *
 *   for (sh_event event; sh_next(call, &event);)
 *     if (event.kind == SH_AUDIO && event.audio.channel == 0) sh_play(call, event.audio.samples, event.audio.count);
 */
typedef enum sh_event_kind {
  SH_AUDIO,       /* `audio` was heard */
  SH_KEY,         /* `key` was pressed, signalled or in band */
  SH_OUTCOME,     /* `command` is done, with `status`: one that was begun and not finished */
  SH_TIMER,       /* `timer` fired */
  SH_WARNING,     /* `failure`: something the handler should know; the call goes on */
  SH_CALL_ERROR,  /* `failure`: the carrier reported an error of this call; it goes on */
  SH_END,         /* the call is over: `reason`. The last event */
  SH_OTHER,       /* anything else: `raw` */
  /* Of <switchhook_services.h>. */
  SH_SOCKET_OPEN,     /* `socket.id` is open */
  SH_SOCKET_MESSAGE,  /* `socket.data` came */
  SH_SOCKET_WRITABLE, /* `socket.id`, which answered `SH_FULL`, takes messages again */
  SH_SOCKET_CLOSED,   /* `socket.id` is closed, with `socket.code` and `socket.reason` */
  SH_HTTP_HEAD,       /* `http.status` and `http.headers` came */
  SH_HTTP_BODY,       /* `http.data` came */
  SH_HTTP_END,        /* `http.id` is over; `http.failed`: with `http.failure` */
  SH_PLACED,          /* `placed.id` came to `placed.step`; `placed.failed`: with `placed.failure` */
} sh_event_kind;

typedef struct sh_audio {
  uint8_t channel;       /* 0: the call */
  uint64_t at_sample;    /* its place on this channel, in samples; what was dropped is counted */
  uint32_t lost_samples; /* dropped just before it, because the handler was late */
  const int16_t *samples;
  size_t count;
} sh_audio;

typedef struct sh_socket_event {
  uint32_t id;
  bool binary; /* bytes, else text, which no NUL ends */
  const uint8_t *data;
  size_t bytes;
  uint16_t code; /* of RFC 6455 */
  const char *reason;
} sh_socket_event;

typedef struct sh_http_event {
  uint32_t id;
  uint16_t status;
  const sh_field *headers;
  size_t header_count;
  const uint8_t *data;
  size_t bytes;
  bool failed;
  sh_failure failure;
} sh_http_event;

typedef struct sh_placed_event {
  uint32_t id;
  const char *step;   /* `claimed`, `answered`, `ended`, `failed` */
  const char *detail; /* the session's id, the carrier's id of the call, why it ended */
  bool failed;
  sh_failure failure;
} sh_placed_event;

/* What it points to lives until the next event is taken, by whatever function. */
typedef struct sh_event {
  sh_event_kind kind;
  union {
    sh_audio audio;
    char key;
    struct {
      sh_command command;
      sh_status status;
    };
    uint32_t timer;
    sh_failure failure;
    const char *reason;
    sh_socket_event socket;
    sh_http_event http;
    sh_placed_event placed;
  };
  const void *raw; /* the `switchhook_handler_types_event_t` of <call_handler.h> that it was made of, or NULL */
} sh_event;

/* Waits for the next event. False: the end was told, and nothing will ever come again. What came during other waits and was not
 * theirs comes first: 32 events wait so, audio never. */
bool sh_next(sh_call *call, sh_event *event);

/* Timers come as `SH_TIMER`. */
sh_status sh_timer(sh_call *call, uint32_t ms, bool repeat, uint32_t *timer);
void sh_cancel_timer(sh_call *call, uint32_t timer);

/* -- Settings and the log ----------------------------------------------------------------------------------------------- */

/* What the operator set for this plugin: NULL when it is not set. It lives as long as the call. */
const char *sh_config(const char *key);
/* The same as a number; `otherwise` when it is not set, or no number. */
uint32_t sh_config_number(const char *key, uint32_t otherwise);

typedef enum sh_level { SH_LEVEL_TRACE, SH_LEVEL_DEBUG, SH_LEVEL_INFO, SH_LEVEL_WARN, SH_LEVEL_ERROR } sh_level;
/* A line in the host's log, cut at 4 KiB. */
__attribute__((format(printf, 2, 3))) void sh_log(sh_level level, const char *format, ...);
#define sh_debug(...) sh_log(SH_LEVEL_DEBUG, __VA_ARGS__)
#define sh_info(...) sh_log(SH_LEVEL_INFO, __VA_ARGS__)
#define sh_warn(...) sh_log(SH_LEVEL_WARN, __VA_ARGS__)
#define sh_error(...) sh_log(SH_LEVEL_ERROR, __VA_ARGS__)

/* -- Audio, without the host -------------------------------------------------------------------------------------------- */

/* Samples that were made: `free(pcm.samples)` when they are not needed. `samples` is NULL when there was no memory. */
typedef struct sh_pcm {
  int16_t *samples;
  size_t count;
} sh_pcm;

/* A sine tone with soft ends. `amplitude` is a part of full scale, 0 to 1. */
sh_pcm sh_tone(float freq_hz, float amplitude, uint32_t sample_rate_hz, uint32_t ms);
/* The sum of tones of the same amplitude. */
sh_pcm sh_tones(const float *freqs_hz, size_t freq_count, float amplitude, uint32_t sample_rate_hz, uint32_t ms);
/* The sound of a key, or silence for what is none. */
sh_pcm sh_key_tone(char key, float amplitude, uint32_t sample_rate_hz, uint32_t ms);
/* Samples at another rate: the telephone's band stays as it is. As long in time, to the sample. */
sh_pcm sh_resample(const int16_t *samples, size_t count, uint32_t from_hz, uint32_t to_hz);
/* A WAV file at a rate. Nothing, with `samples` NULL, for what is not 16-bit PCM, mono; a file that is cut is read as far as it
 * goes. */
sh_pcm sh_wav(const uint8_t *file, size_t bytes, uint32_t sample_rate_hz);

/* dB below full scale: a full-scale sine is about -3. Silence and nothing at all are -96. */
float sh_level_dbfs(const int16_t *samples, size_t count);

/* Tells speech from the noise behind it by its loudness, which is enough for barge-in and for the end of a message. Keys, music
 * and coughs are speech to it. It knows 40 to 50 ms after the first loud sample. */
typedef struct sh_voice {
  uint32_t part, in_part; /* samples */
  uint64_t energy;
  float noise_dbfs;
  uint32_t loud_parts;
  uint32_t spoken_ms; /* for how long somebody has spoken in all, ms of audio */
  uint32_t quiet_ms;  /* for how long nobody has spoken, ms of audio */
} sh_voice;
void sh_voice_init(sh_voice *voice, uint32_t sample_rate_hz);
/* Hears a frame. Whether somebody speaks at its end. */
bool sh_voice_hear(sh_voice *voice, const int16_t *samples, size_t count);

/* Hears keys in audio, at any rate from 4 kHz on: each is the sum of two tones (ITU-T Q.23). */
typedef struct sh_detector {
  uint32_t block, in_block; /* samples */
  struct {
    float coefficient, turn[2], block_turn[2], s1, s2, last[2];
  } filters[8];
  float energy, energy_before;
  char candidate, down; /* '\0': none */
  uint32_t agree, without;
} sh_detector;
void sh_detector_init(sh_detector *detector, uint32_t sample_rate_hz);
/* Hears a frame. The keys that are known to be down now, 30 to 50 ms after they were pressed, are put into `keys`, of which there
 * is room for `room`; how many there are. */
size_t sh_detector_hear(sh_detector *detector, const int16_t *samples, size_t count, char *keys, size_t room);

#ifdef __cplusplus
}
#endif

#endif
