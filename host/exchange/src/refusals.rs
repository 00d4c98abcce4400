//! What the log says of refused dials: loudly once, quietly until something changes.

use std::time::Duration;

use telcoflow::link::Refusal;

use crate::config::ConnectorConfig;

/// What was told last.
#[derive(Debug)]
pub(crate) struct Refusals {
    told: Option<Told>,
    /// The keys of the configuration that say who the connector is.
    keys: &'static str,
}

/// What makes one refusal different from the one before. A body may differ each time and say the same.
#[derive(Debug, PartialEq)]
enum Told {
    Status(u16),
    Certificate,
    NoSocket(String),
}

/// At the level that is named the first time, then at DEBUG.
macro_rules! say {
    ($news:expr, $level:ident, $($line:tt)+) => {
        if $news { tracing::$level!($($line)+) } else { tracing::debug!($($line)+) }
    };
}

impl Refusals {
    /// Of a connector that nothing was told of yet.
    pub(crate) fn of(config: &ConnectorConfig) -> Self {
        let keys = match config.manager.credentials {
            Some(_) => "api_key and connector_uuid",
            None => "cert_path and key_path",
        };
        Self { told: None, keys }
    }

    /// A dial was refused. ERROR is for what only an operator can mend.
    pub(crate) fn tell(&mut self, refusal: &Refusal, retry_in: Duration) {
        let retry_ms = retry_in.as_millis();
        let told = match refusal {
            Refusal::Status { status, .. } => Told::Status(*status),
            Refusal::Certificate(_) => Told::Certificate,
            Refusal::Unreachable(why) | Refusal::Tls(why) => Told::NoSocket(why.clone()),
        };
        let news = self.told.as_ref() != Some(&told);
        self.told = Some(told);
        match refusal {
            Refusal::Status { status: 401 | 403, body } => {
                let keys = self.keys;
                say!(news, error, body, retry_ms, "the session manager refuses the credentials: check {keys}")
            }
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
            Refusal::Certificate(why) => {
                say!(news, error, why, retry_ms, "the session manager refuses the client certificate")
            }
            Refusal::Tls(why) => say!(news, error, why, retry_ms, "the session manager cannot be trusted"),
            Refusal::Unreachable(why) => {
                say!(news, warn, why, retry_ms, "the session manager is unreachable")
            }
        }
    }

    /// The link was up: the next refusal is news.
    pub(crate) fn forget(&mut self) {
        self.told = None;
    }
}
