//! PCM, tones and WAV files; no sockets, no clock.
