//! The two laws of ITU-T G.711: one byte a sample, at the loudness that an ear can tell apart.

use super::samples;
use audio_codec_algorithms::{decode_alaw, decode_ulaw, encode_alaw, encode_ulaw};

/// Which of the two.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Law {
    /// μ-law: North America and Japan. Silence is 0xff.
    Mu,
    /// A-law: everywhere else. Silence is 0xd5.
    A,
}

/// One byte for each sample of the PCM. An odd last byte is half a sample, and is left out.
pub fn to_g711(law: Law, pcm: &[u8]) -> Vec<u8> {
    let encode = match law {
        Law::Mu => encode_ulaw,
        Law::A => encode_alaw,
    };
    samples(pcm).map(encode).collect()
}

/// The PCM of these bytes, one sample each.
pub fn from_g711(law: Law, bytes: &[u8]) -> Vec<u8> {
    let decode = match law {
        Law::Mu => decode_ulaw,
        Law::A => decode_alaw,
    };
    bytes.iter().flat_map(|byte| decode(*byte).to_le_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the reference (ITU-T G.191) and everybody's codecs say of these samples. Of two bytes that are equally near, as for
    /// -100, codecs take either.
    const MU: [(i16, u8, i16); 7] = [
        (0, 0xff, 0),
        (100, 0xf2, 104),
        (-101, 0x72, -104),
        (1_000, 0xce, 988),
        (-1_000, 0x4e, -988),
        (i16::MAX, 0x80, 32_124),
        (i16::MIN, 0x00, -32_124),
    ];

    #[test]
    fn mu_law_is_the_tables() {
        for (sample, byte, back) in MU {
            assert_eq!(to_g711(Law::Mu, &sample.to_le_bytes()), [byte], "{sample}");
            assert_eq!(from_g711(Law::Mu, &[byte]), back.to_le_bytes(), "{byte:x}");
        }
        assert_eq!(from_g711(Law::Mu, &[0x7f]), [0, 0]);
    }

    #[test]
    fn each_byte_comes_back_as_it_was() {
        for law in [Law::Mu, Law::A] {
            for byte in 0..=u8::MAX {
                // Two bytes of the mu-law mean silence.
                if (law, byte) != (Law::Mu, 0x7f) {
                    assert_eq!(to_g711(law, &from_g711(law, &[byte])), [byte], "{law:?} {byte:x}");
                }
            }
        }
    }

    #[test]
    fn what_comes_back_is_near() {
        let said: Vec<i16> = (i16::MIN..=i16::MAX).step_by(7).collect();
        for law in [Law::Mu, Law::A] {
            let pcm: Vec<u8> = said.iter().flat_map(|sample| sample.to_le_bytes()).collect();
            let back = from_g711(law, &to_g711(law, &pcm));
            for (said, back) in said.iter().zip(samples(&back)) {
                let (said, off) = (i32::from(*said).abs(), (i32::from(*said) - i32::from(back)).abs());
                assert!(off <= 16 + said / 24, "{law:?}: {said} came back {off} off");
            }
        }
    }

    #[test]
    fn half_a_sample_is_left_out() {
        assert_eq!(to_g711(Law::A, &[0, 0, 9]), [0xd5]);
    }
}
