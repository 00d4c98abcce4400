//! Text frames in the log: one DEBUG line each, with what it is and its size, never with what is in it.
//!
//! A line that nobody wants costs a look at the filter; audio frames have none.

use telcoflow::frame::label;
use tokio_tungstenite::tungstenite::Message;

/// Whether anybody wants these lines.
pub(super) fn wanted() -> bool {
    tracing::enabled!(tracing::Level::DEBUG)
}

/// A message came.
pub(super) fn received(text: &[u8]) {
    tracing::debug!(frame = label(text), bytes = text.len(), "frame received");
}

/// A message goes to its socket; what is not text has no line.
pub(super) fn sent(message: &Message) {
    if let Message::Text(text) = message {
        tracing::debug!(frame = label(text.as_bytes()), bytes = text.len(), "frame sent");
    }
}
