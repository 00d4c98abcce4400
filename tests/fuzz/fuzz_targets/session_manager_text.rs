//! See `session_manager_text` in tests/support/fuzz.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| switchhook_fuzz::targets::session_manager_text(bytes));
