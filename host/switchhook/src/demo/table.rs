//! The closing table: one row a call.

use std::time::Duration;

use comfy_table::{Cell, CellAlignment, Table, presets};
use serde_json::{Value, json};
use sim::CallReport;

/// What one call came to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CallSummary {
    /// What the call is called in the demonstration.
    pub call: String,
    /// How it ended, such as `caller-hung-up`.
    pub outcome: String,
    /// From its announcement to its answer; none when it was not answered.
    pub setup: Option<Duration>,
    /// Audio frames from the caller to the handler.
    pub frames_in: u64,
    /// Audio frames from the handler to the caller.
    pub frames_out: u64,
    /// Round trip of the caller's own audio, middle; none when nothing came back.
    pub round_trip_p50: Option<Duration>,
    /// The same, slowest in a hundred.
    pub round_trip_p99: Option<Duration>,
    /// Frames that were dropped on either way.
    pub dropped: u64,
    /// Bytes of audio that the carrier asked for.
    pub pulled_bytes: u64,
}

impl CallSummary {
    /// What the simulator knows of a call. `host_dropped` are the frames that the host dropped, where its side is known.
    pub fn of(call: &str, report: &CallReport, host_dropped: u64) -> CallSummary {
        let round_trips = &report.rtt_us;
        let round_trip = |quantile| {
            (!round_trips.is_empty()).then(|| Duration::from_micros(round_trips.value_at_quantile(quantile)))
        };
        CallSummary {
            call: call.to_owned(),
            outcome: report.outcome.as_str().to_owned(),
            setup: report.setup_latency(),
            frames_in: report.frames_sent,
            frames_out: report.pull.frames,
            round_trip_p50: round_trip(0.5),
            round_trip_p99: round_trip(0.99),
            dropped: report.frames_unsent + host_dropped,
            pulled_bytes: report.pull.bytes_requested,
        }
    }
}

/// What stands above the columns.
pub const HEADER: [&str; 9] =
    ["call", "set-up ms", "frames in", "frames out", "rtt p50 ms", "rtt p99 ms", "dropped", "bytes pulled", "outcome"];

/// The table as text, without an end of line.
pub fn closing_table(calls: &[CallSummary]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(HEADER);
    for summary in calls {
        let mut row = vec![Cell::new(&summary.call)];
        row.extend(cells(summary).into_iter().map(|text| Cell::new(text).set_alignment(CellAlignment::Right)));
        row.push(Cell::new(&summary.outcome));
        table.add_row(row);
    }
    table.trim_fmt()
}

/// The numbers of a row: what stands between a call's name and its outcome.
pub fn cells(summary: &CallSummary) -> [String; HEADER.len() - 2] {
    [
        milliseconds(summary.setup),
        summary.frames_in.to_string(),
        summary.frames_out.to_string(),
        milliseconds(summary.round_trip_p50),
        milliseconds(summary.round_trip_p99),
        summary.dropped.to_string(),
        summary.pulled_bytes.to_string(),
    ]
}

/// The same for programs; times in milliseconds.
pub fn closing_json(calls: &[CallSummary]) -> Value {
    let ms = |time: Option<Duration>| time.map(|time| time.as_secs_f64() * 1_000.0);
    calls
        .iter()
        .map(|summary| {
            json!({
                "call": summary.call,
                "outcome": summary.outcome,
                "setup_ms": ms(summary.setup),
                "frames_in": summary.frames_in,
                "frames_out": summary.frames_out,
                "round_trip_p50_ms": ms(summary.round_trip_p50),
                "round_trip_p99_ms": ms(summary.round_trip_p99),
                "dropped": summary.dropped,
                "pulled_bytes": summary.pulled_bytes,
            })
        })
        .collect()
}

fn milliseconds(time: Option<Duration>) -> String {
    time.map_or("-".to_owned(), |time| format!("{:.1}", time.as_secs_f64() * 1_000.0))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{CallSummary, closing_json, closing_table};

    fn calls() -> [CallSummary; 2] {
        let good = CallSummary {
            call: "call-1".into(),
            outcome: "caller-hung-up".into(),
            setup: Some(Duration::from_micros(12_345)),
            frames_in: 300,
            frames_out: 299,
            round_trip_p50: Some(Duration::from_millis(41)),
            round_trip_p99: Some(Duration::from_millis(62)),
            dropped: 0,
            pulled_bytes: 192_000,
        };
        let refused = CallSummary {
            call: "call-2".into(),
            outcome: "gave-up".into(),
            setup: None,
            frames_in: 0,
            frames_out: 0,
            round_trip_p50: None,
            round_trip_p99: None,
            dropped: 0,
            pulled_bytes: 0,
        };
        [good, refused]
    }

    #[test]
    fn one_row_a_call() {
        let expected = [
            " call    set-up ms  frames in  frames out  rtt p50 ms  rtt p99 ms  dropped  bytes pulled  outcome",
            " call-1       12.3        300         299        41.0        62.0        0        192000  caller-hung-up",
            " call-2          -          0           0           -           -        0             0  gave-up",
        ];
        assert_eq!(closing_table(&calls()).lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn programs_read_numbers_or_null() {
        let json = closing_json(&calls());
        assert_eq!(json[0]["setup_ms"], 12.345);
        assert_eq!(json[0]["pulled_bytes"], 192_000);
        assert!(json[1]["round_trip_p50_ms"].is_null());
    }
}
