//! What the host must offer so that handlers remember: the keys and values of one plugin.
//!
//! A call never touches a disk. Its handler alone waits for the answers.

use std::fmt;

use crate::Stored;

/// The keys and values of one plugin of one tenant, shared by all its calls and chats. Nothing in here blocks the caller,
/// and every answer comes within a bounded time.
///
/// Failures carry the codes of the handler contract: `INVALID` for a key or value that is too long, `FULL` at the plugin's
/// quota, `STORAGE` when the disk fails, is full or does not answer. After `STORAGE` it is not known whether a change was made.
pub trait KeyValueStore: Send + Sync + fmt::Debug {
    /// The present value.
    fn get(&self, key: String) -> Stored<Option<Vec<u8>>>;

    /// Sets a value, durable with the answer. With `ttl_s` it is forgotten after so many seconds.
    fn set(&self, key: String, value: Vec<u8>, ttl_s: Option<u32>) -> Stored<()>;

    /// Forgets a value, durable with the answer. One that is absent is none to forget.
    fn delete(&self, key: String) -> Stored<()>;

    /// Sets only when the present value is the expected one (`None`: absent). False: it was not, and nothing changed.
    fn compare_and_set(
        &self,
        key: String,
        expected: Option<Vec<u8>>,
        value: Vec<u8>,
        ttl_s: Option<u32>,
    ) -> Stored<bool>;
}
