//! Judging a call: what was to hold, and what is the case instead.

use std::fmt;
use std::ops::Range;
use std::time::Duration;

use sandbox::GuestEnd;
use sim::{Milestone, Party};
use tracing::Level;

use super::expect::{Expectations, Heard, Recorded, Silence, Sound};
use super::others::{self, Found};
use super::play::Evidence;
use super::{Line, Part, hear};

/// Something that does not hold.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Miss {
    /// Where it stands in the scenario; none for what always has to hold.
    pub line: Option<Line>,
    /// What was expected, and what was the case.
    pub what: String,
}

impl fmt::Display for Miss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

/// All that does not hold, in the order of the file.
pub(super) fn judge(part: &Part, evidence: &Evidence<'_>) -> Vec<Miss> {
    let expect = &part.expect;
    let mut judge = Judge { evidence, misses: Vec::new() };
    judge.always(expect);
    judge.words(expect);
    for heard in &expect.heard {
        judge.heard(heard);
    }
    for silence in &expect.silence {
        judge.silence(silence);
    }
    for recorded in &expect.recorded {
        judge.recorded(recorded);
    }
    judge.others(part);
    judge.misses.sort_by_key(|miss| miss.line);
    judge.misses
}

/// The commands of a call in the handler's words, without clears: `connect CALL_UNANSWERED`.
pub(super) fn commands(evidence: &Evidence<'_>) -> Vec<String> {
    let commands = evidence.call.report.commands.iter().filter(|(name, _)| name != "agent.interrupt");
    let word = |name: &str| name.rsplit_once('.').map_or(name, |(_, word)| word).to_owned();
    commands
        .map(|(name, error)| match error {
            Some(code) => format!("{} {code}", word(name)),
            None => word(name),
        })
        .collect()
}

/// Where a party's audio began, ms since the answer.
pub(super) fn offset_ms(evidence: &Evidence<'_>, party: Party) -> u64 {
    let at = |milestone| evidence.call.report.timeline.at(milestone);
    match (party, at(Milestone::Answered), at(Milestone::Connected)) {
        (Party::Callee, Some(answered), Some(connected)) => {
            u64::try_from(connected.saturating_sub(answered).as_millis()).unwrap_or(u64::MAX)
        }
        _ => 0,
    }
}

/// What is shorter is no call that a handler must have seen.
const AT_ONCE: Duration = Duration::from_secs(1);

struct Judge<'a> {
    evidence: &'a Evidence<'a>,
    misses: Vec<Miss>,
}

impl Judge<'_> {
    fn miss(&mut self, line: Line, what: String) {
        self.misses.push(Miss { line: Some(line), what });
    }

    /// What holds of every call.
    fn always(&mut self, expect: &Expectations) {
        let evidence = self.evidence;
        let mut miss = |what| self.misses.push(Miss { line: None, what });
        // A caller who hangs up at once may be gone before a handler begins.
        let at_once = evidence.call.report.timeline.at(Milestone::Ended).is_some_and(|ended| ended < AT_ONCE);
        match &evidence.call.record {
            None if at_once => {}
            None => miss("the host did not take the call".to_owned()),
            Some(record) => {
                if let Some(trouble) = record.trouble.as_ref().filter(|_| !at_once) {
                    miss(format!("no handler ran: {trouble}"));
                }
                let end = record.guest.as_ref();
                if expect.handler.is_none() && end.is_some_and(GuestEnd::is_fault) {
                    miss(format!("the handler was to return; {}", end.map_or(String::new(), ToString::to_string)));
                }
                // A call that ends before its handler could begin has none.
                if expect.handler.is_none() && end.is_none() && record.began.is_some() {
                    miss("the handler was to return; it stayed after the end of its call, and was dropped".to_owned());
                }
            }
        }
        for line in evidence.log.iter().filter(|line| line.level == Level::ERROR) {
            miss(format!("the host logged an error: {}", line.text));
        }
        let pull = &evidence.call.report.pull;
        if pull.overrun_bytes > 0 {
            miss(format!("{} bytes were sent that the carrier had not asked for", pull.overrun_bytes));
        }
    }

    fn words(&mut self, expect: &Expectations) {
        let evidence = self.evidence;
        if let Some((line, wanted)) = &expect.commands {
            let given = commands(evidence);
            if given != *wanted {
                self.miss(*line, format!("commands: expected {}; there were {}", list(wanted), list(&given)));
            }
        }
        let record = evidence.call.record.as_ref();
        let end = record.map_or("none", |record| record.end.as_str());
        let outcome = evidence.call.report.outcome.as_str();
        for (key, wanted, given) in [("end", &expect.end, end), ("outcome", &expect.outcome, outcome)] {
            if let Some((line, wanted)) = wanted.as_ref().filter(|(_, wanted)| wanted != given) {
                self.miss(*line, format!("{key}: expected {wanted}; it was {given}"));
            }
        }
        let guest = record.and_then(|record| record.guest.as_ref());
        let (code, says) = (guest.map_or("DROPPED", GuestEnd::code), guest.map_or(String::new(), ToString::to_string));
        if let Some((line, wanted)) = expect.handler.as_ref().filter(|(_, wanted)| wanted != code && wanted != "ANY") {
            self.miss(*line, format!("handler: expected {wanted}; it was {code}: {says}"));
        }
        if let Some((line, wanted)) = expect.handler_says.as_ref().filter(|(_, wanted)| !says.contains(wanted)) {
            self.miss(*line, format!("handler_says: expected {wanted:?}; it was {says:?}"));
        }
        let clears = evidence.call.report.interrupts;
        if let Some((line, wanted)) = expect.clears.as_ref().filter(|(_, wanted)| !wanted.contains(&clears)) {
            self.miss(*line, format!("clears: expected {}; there were {clears}", times(wanted)));
        }
        let recordings = evidence.recordings.len() as u64;
        if let Some((line, wanted)) = expect.recordings.filter(|(_, wanted)| *wanted != recordings) {
            self.miss(line, format!("recordings: expected {wanted}; there were {recordings}"));
        }
        let (line, wanted) = &expect.remembers;
        for (key, value) in wanted {
            let found = evidence.remembered.get(key);
            if found.is_none_or(|found| found != value.as_bytes()) {
                let found = found.map_or("nothing".to_owned(), |found| format!("{:?}", String::from_utf8_lossy(found)));
                self.miss(*line, format!("remembers: {key:?} was to be {value:?}; there was {found}"));
            }
        }
        for (line, key) in expect.forgets.iter().filter(|(_, key)| evidence.remembered.contains_key(key)) {
            self.miss(*line, format!("forgets: {key:?} was not to be remembered; it is"));
        }
        let logged = |text: &str| evidence.log.iter().find(|line| line.text.contains(text));
        for (line, text) in &expect.log {
            if logged(text).is_none() {
                self.miss(*line, format!("log: {text:?} was to be logged; it was not"));
            }
        }
        for (line, text) in &expect.no_log {
            if let Some(found) = logged(text) {
                self.miss(*line, format!("no_log: {text:?} was not to be logged; there was {:?}", found.text));
            }
        }
    }

    fn others(&mut self, Part { others, expect, .. }: &Part) {
        let Evidence { call, met, .. } = self.evidence;
        let answered = call.report.timeline.at(Milestone::Answered).unwrap_or_default();
        let (zero, sample_rate_hz) = (call.placed + answered, call.report.sample_rate_hz);
        let found = Found { others, met, zero, sample_rate_hz };
        let wanted = (&expect.sent[..], &expect.opened[..], &expect.requested[..]);
        let misses = others::judge(&found, wanted, |step| self.step_ms(step, Party::Caller, false));
        self.misses.extend(misses);
    }

    fn heard(&mut self, heard: &Heard) {
        let report = &self.evidence.call.report;
        let audio = match (heard.by, heard.ear) {
            (Party::Caller, false) => &report.heard,
            (Party::Callee, false) => &report.callee_heard,
            (Party::Caller, true) => &report.caller_ear,
            (Party::Callee, true) => &report.callee_ear,
        };
        let begin = match &heard.after {
            None => 0,
            Some(step) => match self.step_ms(step, heard.by, false) {
                Some(ms) => ms,
                None => return self.miss(heard.line, format!("heard: the step {step:?} was never reached")),
            },
        };
        let window = begin + heard.place_ms.start..begin.saturating_add(heard.place_ms.end);
        let rate_hz = report.sample_rate_hz;
        match &heard.sound {
            Sound::File { name, samples, likeness_min } => {
                let found = hear::places(samples, &hear::for_search(audio, rate_hz), *likeness_min);
                self.count(heard.line, &format!("heard {}", name.display()), heard.times, &window, &found);
            }
            Sound::Tone { hz, share_percent_min } => {
                let share = hear::tone_share(hear::part(audio, rate_hz, &window), rate_hz, *hz);
                let there = share >= f64::from(*share_percent_min);
                if there == (heard.times == Some(0)) {
                    let what = format!("heard {hz} Hz: it holds {share:.0} % of what was heard {}", at(&window));
                    self.miss(heard.line, what);
                }
            }
            Sound::Level { dbfs_min, dbfs_max } => {
                let level = hear::level(hear::part(audio, rate_hz, &window));
                if dbfs_min.is_some_and(|min| level < min as f64) || dbfs_max.is_some_and(|max| level > max as f64) {
                    let what = format!("heard: the level {} is {level:.1} dBFS", at(&window));
                    self.miss(heard.line, what);
                }
            }
            Sound::Echo => self.echo(heard.line, &window),
        }
    }

    /// What the caller said is found again in what was heard.
    fn echo(&mut self, line: Line, window: &Range<u64>) {
        let report = &self.evidence.call.report;
        let (said, heard) =
            [&report.said, &report.heard].map(|audio| hear::for_search(audio, report.sample_rate_hz)).into();
        let begin = said.iter().position(|sample| sample.unsigned_abs() > 300).unwrap_or(said.len());
        let end = said.iter().rposition(|sample| sample.unsigned_abs() > 300).map_or(begin, |last| last + 1);
        let begin_ms = begin as u64 * 1_000 / u64::from(hear::RATE_HZ);
        let found = hear::places(&said[begin..end], &heard, 0.9);
        let late = found.iter().map(|(ms, _)| ms.saturating_sub(begin_ms)).find(|late| window.contains(late));
        if late.is_none() {
            let what = format!("heard: what the caller said was to come back {}; it did not", at(window));
            self.miss(line, what);
        }
    }

    fn silence(&mut self, silence: &Silence) {
        let report = &self.evidence.call.report;
        let Some(begin) = self.step_ms(&silence.after, silence.by, true) else {
            return self.miss(silence.line, format!("silence: nothing was said by the step {:?}", silence.after));
        };
        let heard = if silence.by == Party::Caller { &report.heard } else { &report.callee_heard };
        let window = begin + silence.within_ms..begin + silence.within_ms + silence.for_ms;
        let part = hear::part(heard, report.sample_rate_hz, &window);
        let level = hear::level(part);
        if level > silence.dbfs_max as f64 {
            let loud = hear::first_loud_ms(part, report.sample_rate_hz, 0).unwrap_or(0);
            let what = format!(
                "silence: {:?} was heard from {begin} ms on; {} ms later there is {level:.1} dBFS",
                silence.after,
                silence.within_ms + loud
            );
            self.miss(silence.line, what);
        }
    }

    fn recorded(&mut self, recorded: &Recorded) {
        let Sound::File { name, samples, likeness_min } = &recorded.sound else { return };
        let recordings = self.evidence.recordings.iter();
        let searched = recordings.map(|wav| hear::for_search(&wav.samples, wav.sample_rate_hz));
        let found: Vec<_> = searched.flat_map(|heard| hear::places(samples, &heard, *likeness_min)).collect();
        let what = format!("recorded {}", name.display());
        self.count(recorded.line, &what, recorded.times, &recorded.place_ms, &found);
    }

    fn count(&mut self, line: Line, what: &str, wanted: Option<u64>, window: &Range<u64>, found: &[(u64, f64)]) {
        let inside = found.iter().filter(|(ms, _)| window.contains(ms)).count() as u64;
        if wanted.map_or(inside > 0, |wanted| inside == wanted) {
            return;
        }
        let wanted = wanted.map_or("at least once".to_owned(), |wanted| format!("{wanted} times"));
        let places: Vec<String> = found.iter().map(|(ms, likeness)| format!("{ms} ms ({likeness:.2})")).collect();
        let places = if places.is_empty() { "nowhere".to_owned() } else { format!("at {}", places.join(", ")) };
        self.miss(line, format!("{what}: expected {wanted} {}; it was there {places}", at(window)));
    }

    /// When a step began, in the time of what a party hears; or when it began to be loud.
    fn step_ms(&self, name: &str, by: Party, loud: bool) -> Option<u64> {
        let report = &self.evidence.call.report;
        let (_, whose, index) = self.evidence.made.names.iter().find(|(known, ..)| known == name)?;
        let (steps, said) = match whose {
            Party::Caller => (&report.caller_steps, &report.said),
            Party::Callee => (&report.callee_steps, &report.callee_said),
        };
        let begun = steps.get(*index)?.said_sample;
        let ms = if loud {
            hear::first_loud_ms(said, report.sample_rate_hz, begun)?
        } else {
            begun as u64 * 1_000 / u64::from(report.sample_rate_hz)
        };
        Some((ms + offset_ms(self.evidence, *whose)).saturating_sub(offset_ms(self.evidence, by)))
    }
}

fn list(words: &[String]) -> String {
    format!("[{}]", words.join(", "))
}

fn times(range: &Range<u64>) -> String {
    if range.end == range.start + 1 { range.start.to_string() } else { format!("at least {}", range.start) }
}

pub(super) fn at(window: &Range<u64>) -> String {
    let Range { start, end } = window;
    // Later than any call goes on.
    if *end >= 1 << 40 { format!("from {start} ms on") } else { format!("from {start} to {end} ms") }
}
