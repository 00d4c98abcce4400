//! What a demonstration shows and leaves behind: pure functions over plain structs that the command fills.

pub mod caller;
pub mod record;
pub mod report;
pub mod series;
pub mod show;
pub mod table;
pub mod timeline;
