//! What the steps came to: a table for people, JSON for programs.

use std::time::Duration;

use comfy_table::{Cell, CellAlignment, Table, presets};
use serde::{Deserialize, Serialize};

use super::load::LoadResult;
use super::probe::Sample;

/// Frames of a call in a second.
const FRAMES_PER_S: f64 = 50.0;

/// One contender in one step.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct StepReport {
    /// Who took the calls.
    pub contender: String,
    /// Calls at once.
    pub calls: u32,
    /// Processor time of the contender for a second of one call, milliseconds.
    pub cpu_ms_per_call_s: f64,
    /// What one call adds to the contender's private memory, bytes.
    pub private_bytes_per_call: f64,
    /// Context switches of the contender for a frame in.
    pub context_switches_per_frame: f64,
    /// What the callers saw.
    pub load: LoadResult,
}

impl StepReport {
    pub(super) fn new(
        contender: &str,
        calls: u32,
        window: Duration,
        (idle, before, after): (Sample, Sample, Sample),
        load: LoadResult,
    ) -> StepReport {
        let call_seconds = f64::from(calls) * window.as_secs_f64();
        let cpu_ms = after.cpu.saturating_sub(before.cpu).as_secs_f64() * 1_000.0;
        let switches = after.context_switches.saturating_sub(before.context_switches) as f64;
        let frames = call_seconds * FRAMES_PER_S;
        StepReport {
            contender: contender.to_owned(),
            calls,
            cpu_ms_per_call_s: cpu_ms / call_seconds,
            private_bytes_per_call: after.private_bytes.saturating_sub(idle.private_bytes) as f64 / f64::from(calls),
            context_switches_per_frame: switches / frames,
            load,
        }
    }

    /// Processor time of the contender for one frame of a call in and one out, microseconds.
    pub fn cpu_us_per_frame(&self) -> f64 {
        self.cpu_ms_per_call_s * 1_000.0 / FRAMES_PER_S
    }

    /// Whether every call was answered, lasted, and got back all but what was on its way when it ended.
    pub fn is_whole(&self) -> bool {
        // At the end a few frames of each call are on their way.
        let on_their_way = u64::from(self.calls) * 20 * 640;
        let load = &self.load;
        load.answered == self.calls
            && load.broken == 0
            && load.overrun_bytes == 0
            && load.bytes_back + on_their_way >= load.bytes_said
    }
}

const HEADER: [&str; 11] = [
    "contender",
    "calls",
    "cpu ms/call-s",
    "us/frame",
    "rtt p50 ms",
    "p99 ms",
    "p99.9 ms",
    "set-up p50 ms",
    "p99 ms",
    "KB/call",
    "switches/frame",
];

/// The table as text.
pub fn table(steps: &[StepReport]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(HEADER);
    for step in steps {
        let ms = |us: u64| format!("{:.2}", us as f64 / 1_000.0);
        let [p50, p99, p999] = step.load.rtt_us;
        let [setup_p50, setup_p99] = step.load.setup_us;
        let whole = if step.is_whole() { "" } else { " (incomplete)" };
        let numbers = [
            step.calls.to_string(),
            format!("{:.3}", step.cpu_ms_per_call_s),
            format!("{:.1}", step.cpu_us_per_frame()),
            ms(p50),
            ms(p99),
            ms(p999),
            ms(setup_p50),
            ms(setup_p99),
            format!("{:.0}", step.private_bytes_per_call / 1_000.0),
            format!("{:.2}", step.context_switches_per_frame),
        ];
        let mut row = vec![Cell::new(format!("{}{whole}", step.contender))];
        row.extend(numbers.into_iter().map(|text| Cell::new(text).set_alignment(CellAlignment::Right)));
        table.add_row(row);
    }
    table.trim_fmt()
}
