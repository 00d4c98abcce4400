//! The log of one simulated call: caught, with virtual times.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use crate::limits::SCENARIO_LOG_LINES_MAX;

/// One line.
#[derive(Clone, Debug)]
pub struct LogLine {
    /// When, since the log began.
    pub at: Duration,
    /// How serious.
    pub level: Level,
    /// Whose: `handler`, or a part of the host.
    pub target: String,
    /// What.
    pub text: String,
}

/// Catches what the handler logs at every level, and what the host warns of.
#[derive(Clone)]
pub(super) struct Catcher {
    began: Instant,
    lines: Arc<Mutex<Vec<LogLine>>>,
}

impl Catcher {
    /// Begins now, by the runtime's clock.
    pub(super) fn begin() -> Catcher {
        Catcher { began: Instant::now(), lines: Arc::default() }
    }

    pub(super) fn take(&self) -> Vec<LogLine> {
        std::mem::take(&mut self.lines.lock())
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Catcher {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        metadata.is_span() || metadata.target() == "handler" || *metadata.level() <= Level::WARN
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        let (level, target) = (*event.metadata().level(), event.metadata().target().to_owned());
        let mut lines = self.lines.lock();
        if lines.len() < SCENARIO_LOG_LINES_MAX {
            lines.push(LogLine { at: self.began.elapsed(), level, target, text: text.0 });
        }
    }
}

/// The message, and the fields behind it.
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        use fmt::Write;
        // A String takes everything.
        let _ = match field.name() {
            "message" => write!(self.0, "{value:?}"),
            name => write!(self.0, " {name}={value:?}"),
        };
    }
}
