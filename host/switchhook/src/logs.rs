//! Where log lines go: standard error, as text or JSON, filtered by `RUST_LOG`.
//!
//! Standard output belongs to results, so that a script can read them while a person reads the log.

use std::io::{self, IsTerminal};

use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// How a log line looks.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people; coloured on a terminal.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Why the log cannot start.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum LogError {
    /// `RUST_LOG` cannot be understood.
    #[error("the environment variable RUST_LOG is not a filter: {0}: write `info`, or `info,switchhook=debug`")]
    Filter(String),
    /// Something else in this process logs already.
    #[error("the log cannot start: {0}")]
    Started(String),
}

/// Starts the log of this process, once. `default_filter` holds where `RUST_LOG` is unset or empty.
///
/// # Errors
/// A filter that cannot be understood, or a log that has been started already.
pub fn start(format: LogFormat, default_filter: &str) -> Result<(), LogError> {
    let filter = filter(std::env::var("RUST_LOG").ok().as_deref(), default_filter)?;
    let started = tracing::subscriber::set_global_default(subscriber(format, filter, io::stderr));
    started.map_err(|error| LogError::Started(error.to_string()))
}

/// What makes lines and writes them. Text is coloured when standard error is a terminal.
pub fn subscriber<W>(format: LogFormat, filter: EnvFilter, writer: W) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    match format {
        LogFormat::Text => Box::new(log.with_ansi(io::stderr().is_terminal()).finish()),
        LogFormat::Json => Box::new(log.json().flatten_event(true).finish()),
    }
}

fn filter(rust_log: Option<&str>, default_filter: &str) -> Result<EnvFilter, LogError> {
    let wanted = rust_log.filter(|text| !text.trim().is_empty()).unwrap_or(default_filter);
    EnvFilter::try_new(wanted).map_err(|error| LogError::Filter(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::filter;

    #[test]
    fn rust_log_goes_before_the_default() {
        let text = |rust_log| filter(rust_log, "info").map(|filter| filter.to_string());
        assert_eq!(text(None), Ok("info".to_owned()));
        assert_eq!(text(Some(" ")), Ok("info".to_owned()));
        assert_eq!(text(Some("debug")), Ok("debug".to_owned()));
    }

    #[test]
    fn a_bad_filter_says_what_to_do() {
        let error = filter(Some("switchhook=loud"), "info").expect_err("`loud` is no level");
        assert!(error.to_string().contains("RUST_LOG"), "{error}");
        assert!(error.to_string().contains("write `info`"), "{error}");
    }
}
