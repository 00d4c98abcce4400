//! What the plugin remembers beyond its calls: keys and values on the host's disk, for all its calls and chats together.
//! Needs the grant `key_value`.
//!
//! ```
//! use std::time::Duration;
//! use switchhook_guest::aio::Call;
//! use switchhook_guest::{Failure, key_value};
//!
//! async fn greet(call: Call) -> Result<(), Failure> {
//!     let who = format!("calls/{}", call.info().caller);
//!     let month = Duration::from_secs(30 * 24 * 3_600);
//!     let calls = key_value::update(&who, Some(month), |before| {
//!         let before: u32 = before.and_then(|text| std::str::from_utf8(text).ok()?.parse().ok()).unwrap_or(0);
//!         (before + 1).to_string().into_bytes()
//!     })?;
//!     switchhook_guest::info!("this is call {}", String::from_utf8_lossy(&calls));
//!     Ok(())
//! }
//!
//! let caller = switchhook_guest::testing::Caller::new().remembers("calls/+15550100", b"4");
//! let report = caller.run(greet);
//! assert_eq!(report.result, Ok(()));
//! assert_eq!(report.remembered["calls/+15550100"], b"5");
//! ```
//!
//! These functions wait for the host's disk, and only this handler with them: usually for milliseconds, never for more than
//! five seconds. What it hears meanwhile waits for it, two seconds of it.

use std::time::Duration;

use crate::Failure;
use crate::host::key_value as host;

/// The present value.
///
/// # Errors
/// `NOT_GRANTED`, `INVALID` for a key that is empty or longer than 512 bytes, `FULL` when too many requests of the plugin wait,
/// `STORAGE` when the host's disk fails.
pub fn get(key: &str) -> Result<Option<Vec<u8>>, Failure> {
    host::get(key)
}

/// Sets a value, which is on the disk when this returns. With `ttl` it is forgotten after so long, rounded up to seconds.
///
/// # Errors
/// As for [`get`]; also `INVALID` for a value of more than 256 KiB, and `FULL` at the plugin's quota. After `STORAGE` it is not
/// known whether the value was set.
pub fn set(key: &str, value: &[u8], ttl: Option<Duration>) -> Result<(), Failure> {
    host::set(key, value, ttl.map(seconds))
}

/// Forgets a value. One that is absent is none to forget.
///
/// # Errors
/// As for [`set`].
pub fn delete(key: &str) -> Result<(), Failure> {
    host::delete(key)
}

/// Sets only when the present value is the expected one (`None`: absent). False: it was not, and nothing changed.
///
/// # Errors
/// As for [`set`].
pub fn compare_and_set(
    key: &str,
    expected: Option<&[u8]>,
    value: &[u8],
    ttl: Option<Duration>,
) -> Result<bool, Failure> {
    host::compare_and_set(key, expected, value, ttl.map(seconds))
}

/// Makes a new value of the present one, whoever else does the same at this moment: it is asked again until nobody came
/// between. Answers the new one.
///
/// # Errors
/// As for [`set`].
pub fn update(
    key: &str,
    ttl: Option<Duration>,
    mut change: impl FnMut(Option<&[u8]>) -> Vec<u8>,
) -> Result<Vec<u8>, Failure> {
    loop {
        let before = get(key)?;
        let after = change(before.as_deref());
        if compare_and_set(key, before.as_deref(), &after, ttl)? {
            return Ok(after);
        }
    }
}

/// Rounded up, so that what lives at all lives for a second.
fn seconds(time: Duration) -> u32 {
    u32::try_from(time.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX)
}
