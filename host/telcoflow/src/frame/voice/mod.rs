//! Frames of the voice plane. Rows `V-...` of `PROTOCOL.md`.
//!
//! Text frames are JSON objects `{"type", "data"}` with snake_case fields; binary frames are one channel byte and PCM
//! after it, and never JSON.

mod command;
mod to_client;
mod to_server;

pub use command::{AskedCommand, CommandName};
pub use to_client::ToClient;
pub use to_server::ToServer;

/// The channel of the call itself, and the only one on which a client sends. Row `V-2`.
pub const CALL_CHANNEL: u8 = 0;

/// Splits a binary frame into its channel and its PCM (signed 16-bit little-endian, mono). Row `V-2`.
///
/// `None` for a frame under two bytes, which is ignored as in the public SDK. The PCM may have an odd length: what
/// becomes of half a sample is for the audio's owner to say.
pub fn parse_audio(binary: &[u8]) -> Option<(u8, &[u8])> {
    match binary {
        [channel, pcm @ ..] if !pcm.is_empty() => Some((*channel, pcm)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binary_frame_needs_two_bytes() {
        assert_eq!(parse_audio(&[]), None);
        assert_eq!(parse_audio(&[0]), None);
        assert_eq!(parse_audio(&[2, 7]), Some((2, &[7][..])));
        assert_eq!(parse_audio(&[0, 1, 2]), Some((0, &[1, 2][..])));
    }
}
