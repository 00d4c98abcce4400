//! What happened in a call, a line each in the order of its clock: for whoever looks into a failure.

use std::time::Duration;

use call::Happening;
use sim::{Milestone, Party};
use tokio::time::Instant;

use super::expect::{Expectations, Sound};
use super::play::Evidence;
use super::{hear, others, verdict};

/// All that is known. Zero is the answer, or the placing of a call that was not answered.
pub(super) fn tell(expect: &Expectations, evidence: &Evidence<'_>) -> Vec<String> {
    let report = &evidence.call.report;
    let zero = report.timeline.at(Milestone::Answered).unwrap_or_default();
    let mut lines: Vec<(Duration, String)> = Vec::new();
    for (milestone, what) in [
        (Milestone::Announced, "the telephone rings"),
        (Milestone::Answered, "the call is answered"),
        (Milestone::Connected, "the callee is connected"),
        (Milestone::Ended, "the call is over"),
    ] {
        lines.extend(report.timeline.at(milestone).map(|at| (at, format!("carrier  {what}"))));
    }
    for (who, steps, words) in [
        ("caller ", &report.caller_steps, &evidence.made.words[0]),
        ("callee ", &report.callee_steps, &evidence.made.words[1]),
    ] {
        lines.extend(steps.iter().zip(words).map(|(step, what)| (step.at, format!("{who}  {what}"))));
    }
    if let Some((record, began)) = evidence.call.record.as_ref().and_then(|record| Some((record, record.began?))) {
        let began = Instant::from_std(began).saturating_duration_since(evidence.call.placed);
        lines.extend(record.journal.iter().map(|(at, what)| (began + *at, format!("handler  {}", happening(what)))));
    }
    for heard in &expect.heard {
        let Sound::File { name, samples, likeness_min } = &heard.sound else { continue };
        let audio = if heard.by == Party::Caller { &report.heard } else { &report.callee_heard };
        let begins = zero + Duration::from_millis(verdict::offset_ms(evidence, heard.by));
        let who = if heard.by == Party::Caller { "caller " } else { "callee " };
        for (ms, likeness) in hear::places(samples, &hear::for_search(audio, report.sample_rate_hz), *likeness_min) {
            let what = format!("{who}  hears {} (likeness {likeness:.2})", name.display());
            lines.push((begins + Duration::from_millis(ms), what));
        }
    }
    lines.extend(
        others::tell(evidence.met)
            .into_iter()
            .map(|(at, what)| (at.saturating_duration_since(evidence.call.placed), what)),
    );
    // The log begins a moment before the call is placed.
    lines.extend(evidence.log.iter().map(|line| (line.at, format!("log      {} {}", line.level, line.text))));
    lines.sort_by_key(|(at, _)| *at);
    lines.dedup();
    let time = |at: Duration| at.as_secs_f64() - zero.as_secs_f64();
    lines.into_iter().map(|(at, what)| format!("{:>9.3} s  {what}", time(at))).collect()
}

fn happening(what: &Happening) -> String {
    match what {
        Happening::Accepted { name, .. } => format!("{name}: accepted"),
        Happening::Outcome { name, failure: None, .. } => format!("{name}: done"),
        Happening::Outcome { name, failure: Some(code), .. } => format!("{name}: failed with {code}"),
        Happening::Mark { name, played: true } => format!("the mark {name:?} was heard"),
        Happening::Mark { name, played: false } => format!("the mark {name:?} was dropped"),
        Happening::Cleared { dropped_samples } => format!("clears {dropped_samples} samples"),
        Happening::Warning { code } => format!("is warned: {code}"),
        Happening::CallError { code } => format!("is told a call error: {code}"),
        Happening::Fault { code, then } => format!("fails with {code}; what is done: {then}"),
        Happening::Ended(reason) => format!("is told the end: {}", reason.as_str()),
    }
}
