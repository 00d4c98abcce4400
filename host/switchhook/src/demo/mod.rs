//! What a demonstration shows and leaves behind: pure functions over plain structs that the command fills.

pub mod caller;
pub mod record;
pub mod table;
pub mod timeline;
