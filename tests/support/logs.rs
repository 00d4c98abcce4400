//! Every log line of the suite, at every level. An ERROR that a test did not announce fails it, and so does a secret in any line.

use std::cell::RefCell;
use std::io::{self, Write};
use std::sync::{Arc, LazyLock, Mutex, Once};
use std::time::Duration;

use tokio::sync::watch;
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// Every secret of a test's making contains one of these, so that one search finds all of them.
pub const SECRET_MARKS: &[&str] = &["never-in-a-log", "voice-token-", "PRIVATE KEY-----", "+15550100", "+15550199"];

/// The admin interface's token in all tests.
pub const ADMIN_TOKEN: &str = "admin-token-never-in-a-log";

/// The API key that all simulated worlds use.
pub const API_KEY: &str = "api-key-never-in-a-log";

/// A line that a test waits for comes within this much of its clock.
const LINE_S_MAX: u64 = 600;

/// What one test logged.
#[derive(Debug, Default)]
pub struct TestLog {
    lines: Mutex<Vec<(Level, String)>>,
    grown: watch::Sender<()>,
}

/// What was logged outside of any test's own threads.
static STRAY: LazyLock<Arc<TestLog>> = LazyLock::new(Arc::default);
static SECRETS_SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());

thread_local! {
    static CURRENT: RefCell<Option<Arc<TestLog>>> = const { RefCell::new(None) };
}

impl TestLog {
    /// A log that collects what this thread logs from now on.
    pub fn begin() -> Arc<Self> {
        install();
        let log = Arc::new(Self::default());
        log.adopt_thread();
        log
    }

    /// Collects what this thread logs too.
    pub fn adopt_thread(self: &Arc<Self>) {
        CURRENT.with(|current| *current.borrow_mut() = Some(self.clone()));
    }

    /// The lines that contain a text, at any level.
    pub fn lines_with(&self, text: &str) -> Vec<String> {
        let lines = self.lines.lock().expect("a test's log");
        lines.iter().filter(|(_, line)| line.contains(text)).map(|(_, line)| line.clone()).collect()
    }

    /// The lines of one level that contain a text.
    pub fn lines_at(&self, level: Level, text: &str) -> Vec<String> {
        let lines = self.lines.lock().expect("a test's log");
        let wanted = lines.iter().filter(|(at, line)| *at == level && line.contains(text));
        wanted.map(|(_, line)| line.clone()).collect()
    }

    /// Waits for so many lines of one level that contain a text.
    pub async fn until(&self, level: Level, text: &str, count: usize) -> Vec<String> {
        let mut grown = self.grown.subscribe();
        let found = async {
            loop {
                grown.borrow_and_update();
                let lines = self.lines_at(level, text);
                if lines.len() >= count {
                    return lines;
                }
                grown.changed().await.expect("the log outlives its readers");
            }
        };
        let found = tokio::time::timeout(Duration::from_secs(LINE_S_MAX), found).await;
        found.unwrap_or_else(|_| panic!("{count} {level} lines with `{text}` did not come"))
    }

    /// Takes the ERROR lines that contain a text out of the account. How many there were.
    pub fn expect_errors(&self, text: &str) -> usize {
        let mut lines = self.lines.lock().expect("a test's log");
        let before = lines.len();
        lines.retain(|(level, line)| *level != Level::ERROR || !line.contains(text));
        before - lines.len()
    }

    /// The ERROR lines nobody expected.
    pub fn errors(&self) -> Vec<String> {
        let lines = self.lines.lock().expect("a test's log");
        lines.iter().filter(|(level, _)| *level == Level::ERROR).map(|(_, line)| line.clone()).collect()
    }
}

/// ERROR lines from threads that belong to no test, and lines with secrets from anywhere.
pub fn leftovers() -> (Vec<String>, Vec<String>) {
    (STRAY.errors(), SECRETS_SEEN.lock().expect("the secrets seen").clone())
}

fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let subscriber =
            tracing_subscriber::fmt().with_max_level(Level::TRACE).with_ansi(false).with_writer(Collector).finish();
        tracing::subscriber::set_global_default(subscriber).expect("the suite has one subscriber");
    });
}

struct Collector;

impl<'a> MakeWriter<'a> for Collector {
    type Writer = LineWriter;

    fn make_writer(&'a self) -> LineWriter {
        LineWriter { level: Level::TRACE, line: Vec::new() }
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> LineWriter {
        LineWriter { level: *meta.level(), line: Vec::new() }
    }
}

/// One line; handed over when it is complete.
struct LineWriter {
    level: Level,
    line: Vec<u8>,
}

impl Write for LineWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.line.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for LineWriter {
    fn drop(&mut self) {
        let line = String::from_utf8_lossy(&self.line).trim_end().to_string();
        if line.is_empty() {
            return;
        }
        if SECRET_MARKS.iter().any(|mark| line.contains(mark)) {
            SECRETS_SEEN.lock().expect("the secrets seen").push(line.clone());
        }
        let log = CURRENT.with(|current| current.borrow().clone()).unwrap_or_else(|| STRAY.clone());
        log.lines.lock().expect("a test's log").push((self.level, line));
        log.grown.send_replace(());
    }
}
