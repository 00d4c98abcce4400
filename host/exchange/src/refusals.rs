//! What the log says of refused dials: loudly once, quietly until something changes.

use std::time::Duration;

use telcoflow::link::Refusal;

/// What was told last.
#[derive(Debug, Default)]
pub(crate) struct Refusals(Option<Told>);

/// What makes one refusal different from the one before. A body may differ each time and say the same.
#[derive(Debug, PartialEq)]
enum Told {
    Status(u16),
    NoSocket(String),
}

/// At the level that is named the first time, then at DEBUG.
macro_rules! say {
    ($news:expr, $level:ident, $($line:tt)+) => {
        if $news { tracing::$level!($($line)+) } else { tracing::debug!($($line)+) }
    };
}

impl Refusals {
    /// A dial was refused. ERROR is for what only an operator can mend.
    pub(crate) fn tell(&mut self, refusal: &Refusal, retry_in: Duration) {
        let retry_ms = retry_in.as_millis();
        let told = match refusal {
            Refusal::Status { status, .. } => Told::Status(*status),
            Refusal::Unreachable(why) | Refusal::Tls(why) => Told::NoSocket(why.clone()),
        };
        let news = self.0.as_ref() != Some(&told);
        self.0 = Some(told);
        match refusal {
            Refusal::Status { status: 401 | 403, body } => say!(
                news,
                error,
                body,
                retry_ms,
                "the session manager refuses the credentials: check api_key and connector_uuid"
            ),
            Refusal::Status { status: 426, body } => {
                say!(
                    news,
                    error,
                    body,
                    retry_ms,
                    "the session manager refuses the SDK version: set another sdk_version"
                )
            }
            Refusal::Status { status, body } => say!(news, warn, status, body, retry_ms, "the session manager refuses"),
            Refusal::Unreachable(why) | Refusal::Tls(why) => {
                say!(news, warn, why, retry_ms, "the session manager is unreachable")
            }
        }
    }

    /// The link was up: the next refusal is news.
    pub(crate) fn forget(&mut self) {
        self.0 = None;
    }
}
