//! Every bound of the store, with its unit, and what happens when it is reached.

/// Bytes of a key. A longer one, and an empty one, is refused with `INVALID`.
pub const KEY_BYTES_MAX: usize = 512;
/// Bytes of a value. A longer one is refused with `INVALID`.
pub const VALUE_BYTES_MAX: usize = 256 << 10;
/// Keys of one plugin. A further one is refused with `FULL`.
pub const PLUGIN_KEYS_MAX: u64 = 100_000;
/// Bytes of all keys and values of one plugin. What would be more is refused with `FULL`.
pub const PLUGIN_BYTES_MAX: u64 = 256 << 20;
/// Requests of one plugin that wait for the disk. Further ones are refused with `FULL`.
pub const PLUGIN_WAITING_MAX: usize = 64;
/// Requests of all plugins that wait for the disk. Further ones are refused with `STORAGE`.
pub const WAITING_MAX: usize = 1_024;
/// Changes that are written together.
pub const BATCH_MAX: usize = 128;
/// Bytes of values that are written together, roughly: the batch ends with the change that reaches it.
pub const BATCH_BYTES_MAX: usize = 8 << 20;
/// Milliseconds that a handler waits for an answer. Then it is told `STORAGE`.
pub const ANSWER_MS_MAX: u64 = 5_000;
/// Entries past their time that one change of their plugin removes. The rest is removed by later changes.
pub const FORGOTTEN_PER_CHANGE_MAX: usize = 32;
/// The same for a change that finds its plugin full.
pub const FORGOTTEN_WHEN_FULL_MAX: usize = 4_096;
/// Bytes of the database that are kept in memory.
pub const DATABASE_CACHE_BYTES: usize = 16 << 20;

/// All of them for `switchhook limits`: name, value, what happens when it is reached.
pub const TABLE: &[(&str, u64, &str)] = &[
    ("key_bytes_max", KEY_BYTES_MAX as u64, "the key is refused with INVALID"),
    ("value_bytes_max", VALUE_BYTES_MAX as u64, "the value is refused with INVALID"),
    ("plugin_keys_max", PLUGIN_KEYS_MAX, "further keys are refused with FULL"),
    ("plugin_bytes_max", PLUGIN_BYTES_MAX, "what would be more is refused with FULL"),
    ("plugin_waiting_max", PLUGIN_WAITING_MAX as u64, "further requests are refused with FULL"),
    ("waiting_max", WAITING_MAX as u64, "further requests are refused with STORAGE"),
    ("batch_max", BATCH_MAX as u64, "the rest is written next"),
    ("batch_bytes_max", BATCH_BYTES_MAX as u64, "the rest is written next"),
    ("answer_ms_max", ANSWER_MS_MAX, "the handler is told STORAGE"),
    ("forgotten_per_change_max", FORGOTTEN_PER_CHANGE_MAX as u64, "the rest is removed by later changes"),
    ("forgotten_when_full_max", FORGOTTEN_WHEN_FULL_MAX as u64, "the rest is removed by later changes"),
    ("database_cache_bytes", DATABASE_CACHE_BYTES as u64, "more is read from the disk"),
];
