//! Every limit of the audio floor, with its unit, and what happens when it is reached.

/// The longest WAV file that is read, in samples of one channel: an hour at 24 kHz. Above: refused with
/// [`WavError::TooLong`](crate::WavError::TooLong) before anything is read.
pub const WAV_SAMPLES_MAX: u32 = 24_000 * 3_600;

/// Every limit for `switchhook limits`: name, value, what happens when it is reached.
pub const TABLE: &[(&str, u64, &str)] =
    &[("wav_samples_max", WAV_SAMPLES_MAX as u64, "a longer WAV file is refused before it is read")];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_each_limit_once_with_what_happens() {
        for (index, (name, value, what)) in TABLE.iter().enumerate() {
            assert!(*value > 0, "{name} has no value");
            assert!(!what.is_empty(), "{name} says nothing");
            assert!(TABLE[..index].iter().all(|(other, ..)| other != name), "{name} twice");
            let constant = format!("\npub const {}:", name.to_uppercase());
            assert!(include_str!("limits.rs").contains(&constant), "{name} is no constant");
        }
        let constants = include_str!("limits.rs").matches("\npub const ").count() - 1;
        assert_eq!(constants, TABLE.len(), "a limit is missing from the table");
    }
}
