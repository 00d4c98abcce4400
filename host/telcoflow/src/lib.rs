//! The Telcoflow wire protocol, sans-IO: frames, the session-manager link and the voice link.

pub mod frame;
pub mod limits;
