//! Every limit of the audio floor, with its unit, and what happens when it is reached.

/// The longest WAV file that is read, in samples of one channel: an hour at 24 kHz. Above: refused with
/// [`WavError::TooLong`](crate::WavError::TooLong) before anything is read.
pub const WAV_SAMPLES_MAX: u32 = 24_000 * 3_600;

/// The lowest rate that is resampled, Hz. Below: refused.
pub const RESAMPLE_RATE_HZ_MIN: u32 = 4_000;
/// The highest rate that is resampled, Hz. Above: refused.
pub const RESAMPLE_RATE_HZ_MAX: u32 = 48_000;
/// The target rate divided by what both rates have in common. More: refused, since the filter grows with it.
pub const RESAMPLE_PHASES_MAX: u32 = 480;

/// Resamplers and detectors that one handler may have. More: `FULL`.
pub const KIT_TOOLS_MAX: usize = 8;
/// Bytes of audio that a handler may give the kit, or ask of it, in one call: four seconds at 24 kHz. More: `INVALID`. It bounds
/// for how long other calls on the thread wait.
pub const KIT_BYTES_MAX: u64 = 192_000;
/// Tones that are summed. More: `INVALID`.
pub const KIT_TONES_MAX: usize = 8;

/// Every limit for `switchhook limits`: name, value, what happens when it is reached.
pub const TABLE: &[(&str, u64, &str)] = &[
    ("wav_samples_max", WAV_SAMPLES_MAX as u64, "a longer WAV file is refused before it is read"),
    ("resample_rate_hz_min", RESAMPLE_RATE_HZ_MIN as u64, "a lower rate is refused"),
    ("resample_rate_hz_max", RESAMPLE_RATE_HZ_MAX as u64, "a higher rate is refused"),
    ("resample_phases_max", RESAMPLE_PHASES_MAX as u64, "rates with less in common are refused"),
    ("kit_tools_max", KIT_TOOLS_MAX as u64, "a handler that opens another is answered FULL"),
    ("kit_bytes_max", KIT_BYTES_MAX, "a handler that gives or asks for more is answered INVALID"),
    ("kit_tones_max", KIT_TONES_MAX as u64, "a handler that asks for more is answered INVALID"),
];

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
