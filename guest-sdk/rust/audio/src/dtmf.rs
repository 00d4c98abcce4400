//! The keys that a caller presses, heard in band: each key is the sum of two tones (ITU-T Q.23).
//!
//! The audio is cut into blocks of 10 ms, in which one Goertzel filter a tone runs, and judged in windows of two blocks,
//! so that each block is filtered once. A key is a window that holds two tones of the eight and hardly anything else, both
//! at their pitch, which the turn of the phase from block to block tells. It counts when two windows in a row agree, which
//! a key of 40 ms always has, and ends when four in a row are without it. What a voice does too (one strong tone, more than
//! two, tones of unlike strength, pitch that moves) is no key.
//!
//! The cost is about ten multiplications a sample.

use std::f32::consts::TAU;

use super::samples;
use super::tone::tones;

/// The lower tone of each row of keys, Hz.
pub const ROWS_HZ: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
/// The higher tone of each column of keys, Hz.
pub const COLUMNS_HZ: [f32; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];
/// All keys, by rows.
pub const KEYS: [[char; 4]; 4] =
    [['1', '2', '3', 'A'], ['4', '5', '6', 'B'], ['7', '8', '9', 'C'], ['*', '0', '#', 'D']];

/// Blocks a second.
const BLOCKS_PER_S: u32 = 100;
/// Windows in a row that make a key.
const WINDOWS_DOWN: u32 = 2;
/// Windows in a row without the key that make its end. A gap of 10 ms spoils three.
const WINDOWS_UP: u32 = 4;
/// Part of a window's energy that the two tones must hold. A pair that is 1.5 % off pitch holds 0.87.
const SHARE_MIN: f32 = 0.84;
/// How far off pitch a tone may be, as a part of its pitch: 1.5 % must pass, 3.5 % must not.
const OFF_PITCH_MAX: f32 = 0.025;
/// How much stronger one of the two may be than the other, as a ratio of energies: 8 dB.
const TWIST_MAX: f32 = 6.3;
/// How much stronger each of the two is than the next tone of its group, as a ratio of energies: 6 dB.
const LEAD_MIN: f32 = 4.0;
/// Mean energy of a sample below which there is no key: -42 dB below full scale.
const ENERGY_MIN: f32 = 32_767.0 * 32_767.0 * 6.3e-5;

/// The sound of a key, or silence for what is none. `amplitude` is that of each of its two tones, a part of full scale.
pub fn key_tone(key: char, amplitude: f32, sample_rate_hz: u32, ms: u32) -> Vec<i16> {
    let place = KEYS.iter().enumerate().find_map(|(row, keys)| {
        keys.iter().position(|known| *known == key.to_ascii_uppercase()).map(|column| (row, column))
    });
    match place {
        Some((row, column)) => tones(&[ROWS_HZ[row], COLUMNS_HZ[column]], amplitude, sample_rate_hz, ms),
        None => tones(&[], amplitude, sample_rate_hz, ms),
    }
}

/// Hears keys in audio, at any sample rate from 4 kHz on.
#[derive(Clone, Debug)]
pub struct Detector {
    block_samples: u32,
    heard: u32,
    filters: [Filter; 8],
    energy: f32,
    energy_before: f32,
    /// The key of the last window, and how many windows in a row had it.
    candidate: Option<char>,
    agree: u32,
    /// Windows in a row without the key that is down.
    without: u32,
    down: Option<char>,
}

/// A Goertzel filter. Its result is complex, so that two blocks make one window.
#[derive(Clone, Copy, Debug)]
struct Filter {
    freq_hz: f32,
    coefficient: f32,
    /// One sample's turn of the tone.
    turn: (f32, f32),
    /// One block's turn of the tone.
    block_turn: (f32, f32),
    s1: f32,
    s2: f32,
    block: (f32, f32),
}

/// One tone in a window.
#[derive(Clone, Copy, Debug)]
struct Tone {
    freq_hz: f32,
    /// The former block turned by one block, and the latter: alike when the tone is at its pitch.
    blocks: [(f32, f32); 2],
}

impl Detector {
    /// Listens to audio of this rate.
    pub fn new(sample_rate_hz: u32) -> Self {
        let block_samples = (sample_rate_hz / BLOCKS_PER_S).max(1);
        let mut freqs_hz = ROWS_HZ.iter().chain(&COLUMNS_HZ);
        let filters = std::array::from_fn(|_| {
            Filter::new(freqs_hz.next().copied().unwrap_or_default(), sample_rate_hz, block_samples)
        });
        Self {
            block_samples,
            heard: 0,
            filters,
            energy: 0.0,
            energy_before: 0.0,
            candidate: None,
            agree: 0,
            without: 0,
            down: None,
        }
    }

    /// Hears the PCM of one frame, and tells each key as it is known to be down: 30 to 50 ms after it was pressed.
    pub fn hear(&mut self, pcm: &[u8], mut pressed: impl FnMut(char)) {
        for sample in samples(pcm) {
            let sample = f32::from(sample);
            self.energy += sample * sample;
            for filter in &mut self.filters {
                filter.hear(sample);
            }
            self.heard += 1;
            if self.heard == self.block_samples
                && let Some(key) = self.end_block()
            {
                pressed(key);
            }
        }
    }

    /// The key that is down.
    pub fn down(&self) -> Option<char> {
        self.down
    }

    /// The key that was just found to be down.
    fn end_block(&mut self) -> Option<char> {
        let tones = std::array::from_fn(|index| self.filters[index].end_block());
        let energy = self.energy + self.energy_before;
        self.energy_before = std::mem::take(&mut self.energy);
        self.heard = 0;
        let found = key(&tones, energy, 2 * self.block_samples);
        self.agree = if found.is_some() && found == self.candidate { self.agree.saturating_add(1) } else { 1 };
        self.candidate = found;
        self.without = if found == self.down { 0 } else { self.without.saturating_add(1) };
        if found.is_some() && found != self.down && self.agree >= WINDOWS_DOWN {
            self.down = found;
            return found;
        }
        if self.without >= WINDOWS_UP {
            self.down = None;
        }
        None
    }
}

impl Filter {
    fn new(freq_hz: f32, sample_rate_hz: u32, block_samples: u32) -> Self {
        let cycles = freq_hz / sample_rate_hz.max(1) as f32;
        let turn = |samples: u32| {
            let angle = (cycles * samples as f32).fract() * TAU;
            (angle.cos(), angle.sin())
        };
        let one = turn(1);
        let coefficient = 2.0 * one.0;
        let block_turn = turn(block_samples);
        Self { freq_hz, coefficient, turn: one, block_turn, s1: 0.0, s2: 0.0, block: (0.0, 0.0) }
    }

    fn hear(&mut self, sample: f32) {
        let s0 = sample + self.coefficient * self.s1 - self.s2;
        self.s2 = self.s1;
        self.s1 = s0;
    }

    /// The tone in the window of this block and the one before.
    fn end_block(&mut self) -> Tone {
        let (before, turn) = (self.block, self.block_turn);
        // As seen from the block's last sample; the block before is turned by one block to be seen from there too.
        self.block = (self.s1 - self.turn.0 * self.s2, self.turn.1 * self.s2);
        (self.s1, self.s2) = (0.0, 0.0);
        let turned = (before.0 * turn.0 - before.1 * turn.1, before.0 * turn.1 + before.1 * turn.0);
        Tone { freq_hz: self.freq_hz, blocks: [turned, self.block] }
    }
}

impl Tone {
    /// Its energy at its very pitch.
    fn energy(&self) -> f32 {
        let [a, b] = self.blocks;
        (a.0 + b.0).powi(2) + (a.1 + b.1).powi(2)
    }

    /// Its energy when it may be a little off pitch.
    fn energy_nearby(&self) -> f32 {
        let [a, b] = self.blocks;
        (a.0.hypot(a.1) + b.0.hypot(b.1)).powi(2)
    }

    /// How far off pitch it is, as a part of its pitch.
    fn off_pitch(&self) -> f32 {
        let [a, b] = self.blocks;
        let angle = (a.0 * b.1 - a.1 * b.0).atan2(a.0 * b.0 + a.1 * b.1);
        (angle / TAU * BLOCKS_PER_S as f32 / self.freq_hz).abs()
    }
}

/// The key that a window of so many samples holds, by its tones and by the energy of all of it.
fn key(tones: &[Tone; 8], energy: f32, samples: u32) -> Option<char> {
    if energy < ENERGY_MIN * samples as f32 {
        return None;
    }
    let row = leader(&tones[..4])?;
    let column = leader(&tones[4..])?;
    let pair = [&tones[row], &tones[4 + column]];
    let [row_energy, column_energy] = pair.map(Tone::energy_nearby);
    // A pure tone of energy E in N samples shows as E * N / 2.
    let share = (row_energy + column_energy) * 2.0 / (energy * samples as f32);
    let even = row_energy < column_energy * TWIST_MAX && column_energy < row_energy * TWIST_MAX;
    let at_pitch = pair.iter().all(|tone| tone.off_pitch() < OFF_PITCH_MAX);
    (share >= SHARE_MIN && even && at_pitch).then(|| KEYS[row][column])
}

/// The tone that leads its group.
fn leader(group: &[Tone]) -> Option<usize> {
    let energies = group.iter().map(Tone::energy);
    let (at, most) = energies.clone().enumerate().max_by(|a, b| a.1.total_cmp(&b.1))?;
    energies.enumerate().all(|(other, energy)| other == at || most >= energy * LEAD_MIN).then_some(at)
}

#[cfg(test)]
#[path = "dtmf_tests.rs"]
mod tests;
