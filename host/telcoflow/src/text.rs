//! Small texts: ids that we make, and texts of a peer cut to size.

/// A random UUID (version 4), as the public SDK names its requests and commands.
pub(crate) fn uuid_v4(rng: &mut fastrand::Rng) -> String {
    let random = rng.u128(..);
    let bits = random & !(0xf << 76 | 0b11 << 62) | 4 << 76 | 0b10 << 62;
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// At most so many bytes of a text, cut between characters.
pub(crate) fn clipped(mut text: String, bytes_max: usize) -> String {
    text.truncate(text.floor_char_boundary(bytes_max));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_are_of_version_4_and_differ() {
        let mut rng = fastrand::Rng::with_seed(1);
        let first = uuid_v4(&mut rng);
        for _ in 0..1000 {
            let uuid = uuid_v4(&mut rng);
            assert_ne!(uuid, first);
            assert_eq!(uuid.len(), 36);
            let bytes = uuid.as_bytes();
            assert_eq!(bytes[14], b'4', "{uuid}");
            assert!(b"89ab".contains(&bytes[19]), "{uuid}");
            for (at, byte) in bytes.iter().enumerate() {
                let dash = [8, 13, 18, 23].contains(&at);
                assert_eq!(*byte == b'-', dash, "{uuid}");
                assert!(dash || byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase(), "{uuid}");
            }
        }
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(clipped("abc".into(), 5), "abc");
        assert_eq!(clipped("abc".into(), 2), "ab");
        assert_eq!(clipped("aüb".into(), 2), "a");
        assert_eq!(clipped("ü".into(), 0), "");
    }
}
