//! What the fuzz targets do with their bytes: plain functions that panic when something does not hold.
//!
//! The fuzzer (`tests/fuzz`) includes this folder by its path and calls one function for each target; the suite calls
//! the same functions with the committed corpora (`tests/all/corpus.rs`), so that what a fuzzer found once is looked at
//! in every run. Time is virtual, and an input never costs more than a few milliseconds: longer ones are not looked at.

mod bytes;
mod configuration;
mod manager;
mod playout;
mod script;
mod voice_binary;
mod voice_text;

pub use configuration::configuration;
pub use manager::session_manager_text;
pub use playout::playout;
pub use voice_binary::voice_binary;
pub use voice_text::voice_text;

/// One target: takes any bytes.
pub type Target = fn(&[u8]);

/// Every target, by the name of its corpus.
pub const TARGETS: [(&str, Target); 5] = [
    ("configuration", configuration),
    ("playout", playout),
    ("session_manager_text", session_manager_text),
    ("voice_binary", voice_binary),
    ("voice_text", voice_text),
];

/// A longer input says nothing that a shorter one cannot say.
const INPUT_BYTES_MAX: usize = 8 << 10;
