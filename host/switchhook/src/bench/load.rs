//! The load: a simulator in a process of its own, steered by lines on standard input, that reports lines of JSON.
//!
//! `{"listen": URL}` as soon as it listens; `{"up": true}` when the contender is set up; then it waits for a line on
//! standard input, places the calls, says `{"steady": true}` when all are answered, and after the time it was given
//! `{"result": {...}}`.

use std::io::{self, BufRead, Write};
use std::sync::Arc;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use sim::{CallReport, Caller, Milestone, SimConfig, Simulator, Step, marked_samples};

/// The sample rate of the load's calls, Hz.
pub const SAMPLE_RATE_HZ: u32 = 16_000;
/// What one caller repeats, seconds.
const SPEECH_S: usize = 2;
/// Calls are placed so far apart: a ramp, not a burst.
const PLACE_EVERY: Duration = Duration::from_millis(5);
/// How long it may take until every call is answered.
const STEADY_MAX: Duration = Duration::from_secs(60);
/// The longest set-up that is told apart, microseconds.
const SETUP_US_MAX: u64 = 60_000_000;

/// What the load is to do.
#[derive(Clone, Copy, Debug)]
pub struct LoadPlan {
    /// Calls at once.
    pub calls: u32,
    /// How long they last once all are answered, in seconds.
    pub seconds: u32,
}

/// What the callers saw.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct LoadResult {
    /// Calls that were answered.
    pub answered: u32,
    /// Calls that ended before their caller hung up.
    pub broken: u32,
    /// Audio frames sent to the contender.
    pub frames: u64,
    /// Bytes said, and bytes that came back.
    pub bytes_said: u64,
    /// Bytes that came back.
    pub bytes_back: u64,
    /// Bytes beyond what was asked for.
    pub overrun_bytes: u64,
    /// Frames that the load was too late to send.
    pub late_frames: u64,
    /// Round trip of a frame, microseconds: middle, 99 and 99.9 of a hundred.
    pub rtt_us: [u64; 3],
    /// From the announcement to the answer, microseconds: middle and 99 of a hundred.
    pub setup_us: [u64; 2],
}

/// One line of the load.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LoadLine {
    /// Where it listens.
    Listen(String),
    /// The contender is set up.
    Up(bool),
    /// All calls are answered.
    Steady(bool),
    /// What came of it.
    Result(LoadResult),
}

/// Runs the load to its end.
///
/// # Errors
/// No port is free, standard output is closed, or the calls are not answered in time.
pub async fn run(plan: LoadPlan) -> io::Result<()> {
    let simulator = Simulator::new(SimConfig { seed: 1, ..SimConfig::default() });
    let address = simulator.listen("127.0.0.1:0").await?;
    say(&LoadLine::Listen(format!("ws://{address}")))?;
    simulator.session_managers(1).await;
    say(&LoadLine::Up(true))?;
    tokio::task::spawn_blocking(|| io::stdin().lock().read_line(&mut String::new())).await??;
    let reports = place(&simulator, plan).await?;
    say(&LoadLine::Result(sum(&reports)))?;
    simulator.shutdown().await;
    Ok(())
}

async fn place(simulator: &Simulator, plan: LoadPlan) -> io::Result<Vec<CallReport>> {
    let speech: Arc<[i16]> = marked_samples(7, SAMPLE_RATE_HZ as usize * SPEECH_S).into();
    let mut calls = Vec::new();
    for _ in 0..plan.calls {
        calls.push(simulator.place_call(caller(&speech)));
        tokio::time::sleep(PLACE_EVERY).await;
    }
    let answering = async {
        for call in &mut calls {
            call.reached(Milestone::Answered).await;
        }
    };
    let late = |_| io::Error::new(io::ErrorKind::TimedOut, "the calls were not answered in time");
    tokio::time::timeout(STEADY_MAX, answering).await.map_err(late)?;
    say(&LoadLine::Steady(true))?;
    tokio::time::sleep(Duration::from_secs(plan.seconds.into())).await;
    calls.iter().for_each(sim::PlacedCall::hang_up);
    let mut reports = Vec::new();
    for call in calls {
        reports.push(call.finished().await);
    }
    Ok(reports)
}

/// Speaks without a pause until it is told to hang up.
fn caller(speech: &Arc<[i16]>) -> Caller {
    let mut script = vec![Step::WaitAnswered];
    script.extend(std::iter::repeat_n(Step::Say(Arc::clone(speech)), 600 / SPEECH_S));
    Caller { idle_silence: false, record: false, give_up_ms: 600_000, ..Caller::new(script) }
}

fn sum(reports: &[CallReport]) -> LoadResult {
    let mut result = LoadResult::default();
    let mut round_trips: Option<Histogram<u64>> = None;
    let mut setups = Histogram::<u64>::new_with_bounds(1, SETUP_US_MAX, 3).expect("a valid range");
    for report in reports {
        result.answered += u32::from(report.timeline.at(Milestone::Answered).is_some());
        result.broken += u32::from(report.outcome != sim::Outcome::CallerHungUp);
        result.frames += report.frames_sent;
        result.bytes_said += report.bytes_said;
        result.bytes_back += report.pull.bytes_received;
        result.overrun_bytes += report.pull.overrun_bytes;
        result.late_frames += report.frames_unsent + report.ticks_skipped;
        match &mut round_trips {
            None => round_trips = Some(report.rtt_us.clone()),
            Some(sum) => sum.add(&report.rtt_us).expect("all calls measure the same range"),
        }
        if let Some(setup) = report.setup_latency() {
            setups.saturating_record(u64::try_from(setup.as_micros()).unwrap_or(u64::MAX));
        }
    }
    if let Some(round_trips) = round_trips {
        result.rtt_us = [0.5, 0.99, 0.999].map(|quantile| round_trips.value_at_quantile(quantile));
    }
    result.setup_us = [0.5, 0.99].map(|quantile| setups.value_at_quantile(quantile));
    result
}

fn say(line: &LoadLine) -> io::Result<()> {
    let mut out = io::stdout().lock();
    serde_json::to_writer(&mut out, line)?;
    writeln!(out)?;
    out.flush()
}
