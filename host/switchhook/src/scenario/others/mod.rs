//! Other hosts by script: whom a handler may reach in a simulated call, what they answer, and what was sent to them.
//!
//! `read.rs` reads `[[websocket]]` and `[[http]]`, `reach.rs` plays them, on the call's clock, in the place of the network,
//! and `met.rs` keeps what happened. What must hold of it is read by `require.rs` and judged by `judge.rs`.

mod form;
mod judge;
mod met;
mod reach;
mod read;
mod require;
mod streamed;

use std::sync::Arc;
use std::time::Duration;

use call::Payload;

use form::{Encoding, Form};
pub(super) use judge::{Found, judge};
pub(super) use met::{Met, tell};
pub(super) use reach::Scripted;
pub(super) use read::others;
pub use require::{Opened, Requested, Sent};
pub(super) use require::{opened, requested, sent};

use super::Line;

/// Everybody whom a handler may reach.
#[derive(Clone, Debug, Default)]
pub struct Others {
    /// The other sides of WebSockets.
    pub sockets: Vec<SocketScript>,
    /// Answers to requests.
    pub answers: Vec<AnswerScript>,
}

/// Which addresses are meant: this one, or all that begin so.
#[derive(Clone, Debug)]
pub(super) struct Address {
    text: String,
    begins: bool,
}

/// The other side of a WebSocket.
#[derive(Clone, Debug)]
pub struct SocketScript {
    line: Line,
    address: Address,
    opens_after: Duration,
    refuses: Option<String>,
    /// Headers that the host puts in, and a handler may not.
    secret_headers: Vec<String>,
    /// How what the handler sends is audio.
    sent_audio: Option<AudioForm>,
    steps: Vec<(Line, Step)>,
}

/// How messages are audio.
#[derive(Clone, Debug)]
pub(super) struct AudioForm {
    /// Where it stands in a message, in base64; none: the message is audio.
    field: Option<String>,
    encoding: Encoding,
    /// None: that of the call.
    sample_rate_hz: Option<u32>,
}

/// What the other side of a WebSocket does.
#[derive(Clone, Debug)]
enum Step {
    /// Waits for so many more messages of this form.
    Hears(Form, u64),
    /// Waits until the handler sends audio that is loud.
    HearsVoice,
    /// Waits until the handler has sent silence for so long.
    HearsSilence(Duration),
    Says(Payload),
    SaysAudio {
        samples: Arc<[i16]>,
        sample_rate_hz: u32,
        form: AudioForm,
        /// The message that each piece stands in; none: it is the message.
        within: Option<serde_json::Value>,
        piece: Duration,
        every: Duration,
    },
    Waits(Duration),
    Closes(u16, String),
}

/// The answer to a request.
#[derive(Clone, Debug)]
pub struct AnswerScript {
    line: Line,
    address: Address,
    method: Option<String>,
    secret_headers: Vec<String>,
    after: Duration,
    status: u16,
    headers: Vec<(String, String)>,
    pieces: Vec<Vec<u8>>,
    every: Duration,
    fails: Option<String>,
}

impl Others {
    /// Whether nobody may be reached.
    pub fn is_empty(&self) -> bool {
        self.sockets.is_empty() && self.answers.is_empty()
    }
}

impl Address {
    fn fits(&self, url: &str) -> bool {
        if self.begins { url.starts_with(&self.text) } else { url == self.text }
    }
}

impl Step {
    /// What it waits to hear, for people. None: it does not wait for the handler.
    fn waits_for(&self) -> Option<String> {
        match self {
            Self::Hears(form, 1) => Some(format!("{form}")),
            Self::Hears(form, times) => Some(format!("{times} times {form}")),
            Self::HearsVoice => Some("a voice".to_owned()),
            Self::HearsSilence(time) => Some(format!("silence for {} ms", time.as_millis())),
            Self::Says(_) | Self::SaysAudio { .. } | Self::Waits(_) | Self::Closes(..) => None,
        }
    }
}
