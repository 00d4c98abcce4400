//! Every place where a sound is heard in a longer one.

use realfft::RealFftPlanner;
use realfft::num_complex::Complex;

use crate::Lag;

/// A part this much quieter than what is looked for is not it, however alike: a ratio of energies.
const ENERGY_SHARE_MIN: f64 = 1e-4;

/// Finds `wanted` in `audio` by normalised correlation: each place where it is at least so alike, the best of those that are
/// nearer than half of it. Empty when either is silent or `audio` is shorter.
///
/// It takes one Fourier transform of all the audio: a minute at 8 kHz about 50 ms.
pub fn find_all(wanted: &[i16], audio: &[i16], likeness_min: f64) -> Vec<Lag> {
    let wanted_energy = wanted.iter().map(|sample| square(*sample)).sum::<i64>() as f64;
    if wanted_energy == 0.0 || audio.len() < wanted.len() {
        return Vec::new();
    }
    let products = correlate(wanted, audio);
    let mut energy: i64 = audio[..wanted.len()].iter().map(|sample| square(*sample)).sum();
    let apart = (wanted.len() / 2).max(1);
    let mut found: Vec<Lag> = Vec::new();
    for (samples, product) in products.into_iter().take(audio.len() - wanted.len() + 1).enumerate() {
        if energy as f64 > wanted_energy * ENERGY_SHARE_MIN {
            let likeness = f64::from(product) / (wanted_energy.sqrt() * (energy as f64).sqrt());
            if likeness >= likeness_min {
                match found.last_mut() {
                    Some(last) if samples - last.samples < apart => {
                        if likeness > last.likeness {
                            *last = Lag { samples, likeness };
                        }
                    }
                    _ => found.push(Lag { samples, likeness }),
                }
            }
        }
        if let Some(next) = audio.get(samples + wanted.len()) {
            energy += square(*next) - square(audio[samples]);
        }
    }
    found
}

fn square(sample: i16) -> i64 {
    i64::from(sample).pow(2)
}

/// The sum of products of `wanted` with `audio` from each place on.
fn correlate(wanted: &[i16], audio: &[i16]) -> Vec<f32> {
    let length = (audio.len() + wanted.len()).next_power_of_two();
    let mut planner = RealFftPlanner::<f32>::new();
    let (forward, inverse) = (planner.plan_fft_forward(length), planner.plan_fft_inverse(length));
    let spectrum = |samples: &[i16]| -> Vec<Complex<f32>> {
        let mut padded: Vec<f32> = samples.iter().map(|sample| f32::from(*sample) / 32_768.0).collect();
        padded.resize(length, 0.0);
        let mut spectrum = forward.make_output_vec();
        // The lengths are those that the plan itself names.
        let _ = forward.process(&mut padded, &mut spectrum);
        spectrum
    };
    let mut product: Vec<Complex<f32>> =
        spectrum(audio).iter().zip(spectrum(wanted)).map(|(audio, wanted)| audio * wanted.conj()).collect();
    let mut sums = inverse.make_output_vec();
    let _ = inverse.process(&mut product, &mut sums);
    let scale = 32_768.0 * 32_768.0 / length as f32;
    sums.iter_mut().for_each(|sum| *sum *= scale);
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::silence;

    /// A tone that rises, so that it is like itself at one place only.
    fn chirp(samples: usize) -> Vec<i16> {
        (0..samples).map(|index| ((index * index) as f64 / 4_000.0).sin() * 8_000.0).map(|value| value as i16).collect()
    }

    #[test]
    fn every_place_is_found_once() {
        let wanted = chirp(2_000);
        let quiet: Vec<i16> = wanted.iter().map(|sample| sample / 4).collect();
        let audio = [silence(500), wanted.clone(), silence(123), quiet, silence(900), wanted.clone()].concat();
        let found = find_all(&wanted, &audio, 0.95);
        let places: Vec<usize> = found.iter().map(|lag| lag.samples).collect();
        assert_eq!(places, [500, 2_623, 5_523]);
        assert!(found.iter().all(|lag| lag.likeness > 0.999), "{found:?}");
    }

    #[test]
    fn a_part_is_less_alike_than_the_whole() {
        let wanted = chirp(2_000);
        let audio = [&silence(100)[..], &wanted[..1_000], &silence(3_000)[..]].concat();
        assert!(find_all(&wanted, &audio, 0.9).is_empty());
        let [lag] = find_all(&wanted, &audio, 0.6)[..] else { panic!("once") };
        assert_eq!(lag.samples, 100);
    }

    #[test]
    fn silence_is_nowhere() {
        assert!(find_all(&silence(10), &chirp(20), 0.0).is_empty());
        assert!(find_all(&chirp(10), &silence(20), 0.0).is_empty());
        assert!(find_all(&chirp(10), &chirp(9), 0.0).is_empty());
        assert!(find_all(&[], &chirp(9), 0.0).is_empty());
    }
}
