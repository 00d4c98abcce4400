//! See `voice_text` in tests/support/fuzz.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| switchhook_fuzz::targets::voice_text(bytes));
