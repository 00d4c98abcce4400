//! What the tests share: a runner that reads the log, compiled components, and worlds of simulator and host.

pub mod by_hand;
pub mod certificates;
pub mod clock;
pub mod components;
pub mod fuzz;
pub mod logs;
pub mod run;
pub mod world;
