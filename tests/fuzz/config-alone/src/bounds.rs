//! The limits of three crates in one place.

pub use self::exchange_limits::{
    CALLS_MAX_DEFAULT, CPU_PERCENT_DEFAULT, FAULT_PROMPT_S_MAX, FAULT_STEPS_MAX, VOICE_REDIAL_MS_DEFAULT,
};
pub use self::own::*;
pub use self::sandbox_limits::{
    GRACE_MS_DEFAULT, GUESTS_MAX, MEMORY_BYTES_DEFAULT, MEMORY_BYTES_MAX, RUN_MS_DEFAULT, START_MS_DEFAULT,
};

#[path = "../../../../host/exchange/src/limits.rs"]
pub mod exchange_limits;
#[path = "../../../../host/switchhook/src/limits.rs"]
pub mod own;
#[path = "../../../../host/sandbox/src/limits.rs"]
pub mod sandbox_limits;
