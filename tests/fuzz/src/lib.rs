//! The targets, as the suite has them too: what they do stands in `tests/support/fuzz`.

#[path = "../../support/fuzz/mod.rs"]
pub mod targets;
