//! Ids, tokens and seeds that follow from the simulator's seed, so that a run can be repeated whatever the schedule.

use fastrand::Rng;

/// What a random stream is for; each purpose and ordinal has its own stream, so that no draw shifts another.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    Call,
    CallFaults,
    Link,
    LinkFaults,
}

/// The stream of `purpose` number `ordinal`.
pub(crate) fn stream(seed: u64, purpose: Purpose, ordinal: u64) -> Rng {
    let salt = match purpose {
        Purpose::Call => 0x9e37_79b9_7f4a_7c15,
        Purpose::CallFaults => 0xc2b2_ae3d_27d4_eb4f,
        Purpose::Link => 0x1656_67b1_9e37_79f9,
        Purpose::LinkFaults => 0x2545_f491_4f6c_dd1d_u64,
    };
    let mut mixed = Rng::with_seed(seed ^ salt);
    Rng::with_seed(mixed.u64(..) ^ ordinal.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// A version-4 UUID.
pub(crate) fn uuid(rng: &mut Rng) -> String {
    let bits = (rng.u128(..) & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// A bearer token. It says what it is, so that one search of a log finds any of them.
pub(crate) fn token(rng: &mut Rng) -> String {
    format!("voice-token-{:032x}", rng.u128(..))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_of_version_4_and_follows_from_the_seed() {
        let one = uuid(&mut stream(7, Purpose::Call, 0));
        assert_eq!(one, uuid(&mut stream(7, Purpose::Call, 0)));
        assert_ne!(one, uuid(&mut stream(7, Purpose::Call, 1)));
        assert_ne!(one, uuid(&mut stream(8, Purpose::Call, 0)));
        assert_eq!((one.len(), &one[14..15]), (36, "4"));
        assert!("89ab".contains(&one[19..20]));
    }
}
