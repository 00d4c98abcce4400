//! The live timeline: one row a call, redrawn in place on a terminal, plain lines elsewhere.
//!
//! Drawing never wraps (the terminal is told so for the length of one drawing) and never fills more than
//! [`TIMELINE_ROWS_MAX`] rows, so that moving up by the rows drawn lands where the drawing began.

use std::collections::HashMap;
use std::io::{self, Write};
use std::time::Duration;

use crate::limits::TIMELINE_ROWS_MAX;

/// One call, as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What the call is called in the demonstration.
    pub call: String,
    /// `ringing`, `answered`, ...
    pub state: String,
    /// Level of what the caller says, in dB below full scale (0 is the loudest).
    pub caller_dbfs: f64,
    /// Level of what the handler says, in dB below full scale.
    pub handler_dbfs: f64,
    /// Audio that waits to be pulled, in milliseconds.
    pub queued_ms: u64,
}

/// Where the rows are drawn.
#[derive(Debug)]
pub struct Timeline<W: Write> {
    out: W,
    /// Redraw in place; otherwise a line for each change of state.
    live: bool,
    rows_drawn: usize,
    states: HashMap<String, String>,
}

/// Below this a meter shows nothing.
const FLOOR_DBFS: f64 = -60.0;
const METER_CELLS: usize = 10;
/// What a full buffer bar stands for.
const QUEUE_BAR_MS: u64 = 1_000;

const WRAP_OFF: &str = "\x1b[?7l";
const WRAP_ON: &str = "\x1b[?7h";
const CLEAR_TO_END_OF_LINE: &str = "\x1b[K";

impl<W: Write> Timeline<W> {
    /// `live` when `out` is a terminal.
    pub fn new(out: W, live: bool) -> Timeline<W> {
        Timeline { out, live, rows_drawn: 0, states: HashMap::new() }
    }

    /// Shows the calls as they stand `at` this time after the start. Calls keep their order and none goes away.
    ///
    /// # Errors
    /// `out` takes nothing.
    pub fn draw(&mut self, at: Duration, rows: &[Row]) -> io::Result<()> {
        if self.live { self.redraw(at, rows) } else { self.changes(at, rows) }
    }

    fn redraw(&mut self, at: Duration, rows: &[Row]) -> io::Result<()> {
        let mut text = String::from(WRAP_OFF);
        if self.rows_drawn > 0 {
            text.push_str(&format!("\x1b[{}A\r", self.rows_drawn));
        }
        let lines = lines(at, rows);
        for line in &lines {
            text.push_str(&format!("{line}{CLEAR_TO_END_OF_LINE}\n"));
        }
        text.push_str(WRAP_ON);
        self.rows_drawn = lines.len();
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    fn changes(&mut self, at: Duration, rows: &[Row]) -> io::Result<()> {
        for row in rows {
            if self.states.get(&row.call) != Some(&row.state) {
                writeln!(self.out, "{} {:<8} {}", seconds(at), row.call, row.state)?;
                self.states.insert(row.call.clone(), row.state.clone());
            }
        }
        self.out.flush()
    }
}

/// The lines of one drawing: a heading, a line for each call, and one for those beyond [`TIMELINE_ROWS_MAX`].
pub fn lines(at: Duration, rows: &[Row]) -> Vec<String> {
    let mut lines = vec![format!("{} {:<8} {:<10} caller       handler      queued", seconds(at), "call", "state")];
    lines.extend(rows.iter().take(TIMELINE_ROWS_MAX).map(line));
    if let Some(more) = rows.len().checked_sub(TIMELINE_ROWS_MAX).filter(|&more| more > 0) {
        lines.push(format!("           and {more} more"));
    }
    lines
}

/// A level as a bar: empty at -60 dBFS and below, full at 0.
pub fn meter(dbfs: f64) -> String {
    let share = if dbfs.is_nan() { 0.0 } else { (1.0 - dbfs / FLOOR_DBFS).clamp(0.0, 1.0) };
    bar((share * METER_CELLS as f64).round() as usize)
}

fn line(row: &Row) -> String {
    let Row { call, state, caller_dbfs, handler_dbfs, queued_ms } = row;
    let queue = bar((queued_ms * METER_CELLS as u64).div_ceil(QUEUE_BAR_MS).min(METER_CELLS as u64) as usize);
    let (caller, handler) = (meter(*caller_dbfs), meter(*handler_dbfs));
    format!("           {call:<8} {state:<10} {caller} {handler} {queue} {queued_ms:>5} ms")
}

fn bar(cells: usize) -> String {
    format!("[{:.<METER_CELLS$}]", "#".repeat(cells))
}

fn seconds(at: Duration) -> String {
    format!("{:>8.2} s", at.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Row, Timeline, lines, meter};

    fn row(call: &str, state: &str) -> Row {
        Row { call: call.into(), state: state.into(), caller_dbfs: -12.0, handler_dbfs: -60.0, queued_ms: 240 }
    }

    #[test]
    fn a_drawing_is_a_heading_and_a_row_a_call() {
        let expected = [
            "    1.50 s call     state      caller       handler      queued",
            "           call-1   answered   [########..] [..........] [###.......]   240 ms",
        ];
        assert_eq!(lines(Duration::from_millis(1_500), &[row("call-1", "answered")]), expected);
    }

    #[test]
    fn meters_stay_in_their_box() {
        for (dbfs, cells) in [(f64::NEG_INFINITY, 0), (-60.0, 0), (-30.0, 5), (0.0, 10), (6.0, 10), (f64::NAN, 0)] {
            assert_eq!(meter(dbfs), format!("[{:.<10}]", "#".repeat(cells)), "{dbfs}");
        }
        let full = Row { queued_ms: 100_000, ..row("call-1", "answered") };
        assert!(lines(Duration::ZERO, &[full])[1].ends_with("[##########] 100000 ms"));
    }

    #[test]
    fn many_calls_are_counted_in_one_line() {
        let rows: Vec<Row> = (1..=20).map(|n| row(&format!("call-{n}"), "answered")).collect();
        let lines = lines(Duration::ZERO, &rows);
        assert_eq!(lines.len(), 1 + 16 + 1);
        assert_eq!(lines[17].trim(), "and 4 more");
    }

    #[test]
    fn a_terminal_is_redrawn_in_place() {
        let mut out = Vec::new();
        let mut timeline = Timeline::new(&mut out, true);
        timeline.draw(Duration::ZERO, &[row("call-1", "ringing")]).expect("memory takes it");
        timeline.draw(Duration::ZERO, &[row("call-1", "ringing"), row("call-2", "ringing")]).expect("memory takes it");
        timeline.draw(Duration::ZERO, &[row("call-1", "ended"), row("call-2", "ended")]).expect("memory takes it");
        let text = String::from_utf8(out).expect("text");
        let ups: Vec<&str> =
            text.split("\x1b[?7l").skip(1).map(|drawing| drawing.split('\r').next().unwrap_or_default()).collect();
        assert!(!ups[0].starts_with("\x1b["), "the first drawing moves nowhere");
        assert_eq!(ups[1], "\x1b[2A");
        assert_eq!(ups[2], "\x1b[3A");
        assert_eq!(text.matches("\x1b[?7h").count(), 3, "each drawing turns wrapping on again");
    }

    #[test]
    fn elsewhere_only_changes_are_told() {
        let mut out = Vec::new();
        let mut timeline = Timeline::new(&mut out, false);
        for (ms, state) in [(0, "ringing"), (100, "ringing"), (200, "answered"), (300, "answered")] {
            timeline.draw(Duration::from_millis(ms), &[row("call-1", state)]).expect("memory takes it");
        }
        let expected = "    0.00 s call-1   ringing\n    0.20 s call-1   answered\n";
        assert_eq!(String::from_utf8(out).expect("text"), expected);
    }
}
