//! Something to say where no words are needed.

/// Noise as loud as a voice, the same in no two places, for so many milliseconds.
pub fn talk(rate_hz: u32, ms: u32) -> Vec<i16> {
    let mut state = 0x2545_f491_u32;
    let mut noise = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 16) as i16 / 6
    };
    (0..rate_hz / 1_000 * ms).map(|_| noise()).collect()
}
