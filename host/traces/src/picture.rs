//! From a finished call to the spans of its trace. Nothing of a frame and no number stands in them, and no text that a handler
//! or a peer chose freely.

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime};

use call::Happening;
use exchange::{CallRecord, Setup};
use opentelemetry::trace::SpanKind;
use opentelemetry::{KeyValue, Value};
use telcoflow::frame::word;

/// A span, before it has ids.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Picture {
    pub(crate) name: Cow<'static, str>,
    pub(crate) kind: SpanKind,
    pub(crate) from: SystemTime,
    pub(crate) to: SystemTime,
    pub(crate) attributes: Vec<KeyValue>,
    /// Events: when, what, and more of it.
    pub(crate) events: Vec<(SystemTime, &'static str, Vec<KeyValue>)>,
    /// The code of what went wrong.
    pub(crate) failure: Option<String>,
    pub(crate) children: Vec<Picture>,
}

impl Picture {
    /// How many spans it is.
    pub(crate) fn spans(&self) -> u64 {
        1 + self.children.iter().map(Self::spans).sum::<u64>()
    }
}

/// One moment by both clocks: that of calls, and that of collectors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) call: Instant,
    pub(crate) world: SystemTime,
}

impl Moment {
    fn world_at(self, at: Instant) -> SystemTime {
        let before = self.call.saturating_duration_since(at);
        self.world.checked_sub(before).unwrap_or(SystemTime::UNIX_EPOCH)
    }
}

impl Picture {
    fn new(name: impl Into<Cow<'static, str>>, from: SystemTime, to: SystemTime) -> Self {
        Self {
            name: name.into(),
            kind: SpanKind::Internal,
            from,
            to: to.max(from),
            attributes: Vec::new(),
            events: Vec::new(),
            failure: None,
            children: Vec::new(),
        }
    }

    fn with(mut self, key: &'static str, value: impl Into<Value>) -> Self {
        self.attributes.push(KeyValue::new(key, value));
        self
    }
}

/// The trace of a call that is over in this moment.
pub(crate) fn picture(record: &CallRecord, over: Moment) -> Picture {
    let claimed = over.call.checked_sub(record.duration).unwrap_or(over.call);
    let notified = claimed.checked_sub(record.setup.claim).unwrap_or(claimed);
    let mut call = facts(record, Picture::new("call", over.world_at(notified), over.world));
    call.kind = SpanKind::Server;
    call.failure = failure(record);
    call.children.push(setup(record, over, notified, claimed));
    let Some(began) = record.began else { return call };
    let ended = record.journal.iter().rev().find(|(_, what)| matches!(what, Happening::Ended(_)));
    let ended = ended.map_or(over.call, |(after, _)| began + *after);
    call.children.push(guest(record, over.world_at(began), over.world_at(ended)));
    call.children.extend(commands(record, over, began, ended));
    call.events = events(record, over, began);
    call
}

/// The fields that a call's log lines have too, and what came of it.
fn facts(record: &CallRecord, span: Picture) -> Picture {
    let handler = record.guest.as_ref().map_or("NONE", |end| end.code());
    let mut span = span
        .with("tenant", record.tenant.clone())
        .with("connector", record.connector.clone())
        .with("session", record.session_id.clone())
        .with("call", record.id.clone())
        .with("plugin", record.plugin.clone())
        .with("version", record.version.clone())
        .with("resumed", record.resumed)
        .with("end", record.end.as_str())
        .with("handler", handler);
    if let Some(stats) = &record.stats {
        span = span.with("samples_lost", i64::try_from(stats.samples_lost).unwrap_or(i64::MAX));
    }
    if record.journal_left_out > 0 {
        span = span.with("left_out", i64::try_from(record.journal_left_out).unwrap_or(i64::MAX));
    }
    span
}

/// What failed the call, if that was the host's or its handler's doing.
fn failure(record: &CallRecord) -> Option<String> {
    let fault = record.faults.last().map(|fault| fault.code.to_owned());
    let guest = record.guest.as_ref().filter(|end| end.is_fault()).map(|end| end.code().to_owned());
    let trouble = record.trouble.as_ref().map(|_| record.end.as_str().to_owned());
    fault.or(guest).or(trouble)
}

/// From the ringing to the confirmed answer, or as far as it came.
fn setup(record: &CallRecord, over: Moment, notified: Instant, claimed: Instant) -> Picture {
    let Setup { guest, call_in, voice, answer, .. } = record.setup;
    let made = claimed + guest;
    let known = made + call_in;
    let talks = record.began.unwrap_or(known + voice);
    let answered = talks + answer.unwrap_or_default();
    let span = |name, from, to| Picture::new(name, over.world_at(from), over.world_at(to));
    let mut whole = span("set-up", notified, answered);
    whole.children = vec![span("claim", notified, claimed), span("guest.start", claimed, made)];
    if !call_in.is_zero() {
        whole.children.push(span("call.in", made, known));
    }
    if !voice.is_zero() {
        whole.children.push(span("voice", talks.checked_sub(voice).unwrap_or(known), talks));
    }
    if answer.is_some() {
        whole.children.push(span("answer", talks, answered));
    }
    whole
}

fn guest(record: &CallRecord, from: SystemTime, to: SystemTime) -> Picture {
    let code = record.guest.as_ref().map_or("NONE", |end| end.code());
    let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
    let mut span = Picture::new("guest", from, to)
        .with("plugin", record.plugin.clone())
        .with("version", record.version.clone())
        .with("end", code)
        .with("cpu_ms", ms(record.cpu))
        .with("parked_ms", ms(record.parked));
    span.failure = record.guest.as_ref().filter(|end| end.is_fault()).map(|end| end.code().to_owned());
    span
}

/// Each command from its acceptance to its outcome.
fn commands(record: &CallRecord, over: Moment, began: Instant, ended: Instant) -> Vec<Picture> {
    let mut open = HashMap::new();
    let mut spans = Vec::new();
    let span = |name: &str, from: Instant, to: Instant, failure: Option<String>| {
        let mut span = Picture::new(format!("command {name}"), over.world_at(from), over.world_at(to));
        span.kind = SpanKind::Client;
        span.failure = failure;
        span
    };
    for (after, what) in &record.journal {
        match what {
            Happening::Accepted { command, name } => {
                open.insert(*command, (*name, began + *after));
            }
            Happening::Outcome { command, name, failure } => {
                let (_, from) = open.remove(command).unwrap_or((*name, began + *after));
                let failure = failure.as_ref().map(|code| word(code));
                spans.push(span(name, from, began + *after, failure));
            }
            _ => {}
        }
    }
    let mut unfinished: Vec<_> = open.into_values().collect();
    unfinished.sort_by_key(|(_, from)| *from);
    spans.extend(unfinished.into_iter().map(|(name, from)| span(name, from, ended, Some("UNFINISHED".into()))));
    spans
}

/// What took no time.
fn events(record: &CallRecord, over: Moment, began: Instant) -> Vec<(SystemTime, &'static str, Vec<KeyValue>)> {
    let told = record.journal.iter().filter_map(|(after, what)| {
        let (name, more) = match what {
            Happening::Accepted { .. } | Happening::Outcome { .. } => return None,
            Happening::Mark { played, .. } => ("mark", vec![KeyValue::new("played", *played)]),
            Happening::Cleared { dropped_samples } => {
                let dropped = i64::try_from(*dropped_samples).unwrap_or(i64::MAX);
                ("cleared", vec![KeyValue::new("dropped_samples", dropped)])
            }
            Happening::Warning { code } => ("warning", vec![KeyValue::new("code", word(code))]),
            Happening::CallError { code } => ("call.error", vec![KeyValue::new("code", word(code))]),
            Happening::Fault { code, then } => {
                ("fault", vec![KeyValue::new("code", word(code)), KeyValue::new("then", *then)])
            }
            Happening::Ended(reason) => ("ended", vec![KeyValue::new("reason", reason.as_str())]),
        };
        Some((over.world_at(began + *after), name, more))
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use call::EndReason;
    use sandbox::GuestEnd;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn record(began: Option<Instant>, journal: Vec<(Duration, Happening)>) -> CallRecord {
        CallRecord {
            id: "c1".into(),
            session_id: "s1".into(),
            tenant: "acme".into(),
            connector: "main".into(),
            plugin: "echo".into(),
            version: "0123456789ab".into(),
            resumed: false,
            end: EndReason::Terminated,
            guest: Some(GuestEnd::Returned),
            trouble: None,
            faults: Vec::new(),
            parked: Duration::ZERO,
            setup: Setup { claim: 5 * MS, guest: MS, call_in: 20 * MS, voice: 4 * MS, answer: Some(10 * MS) },
            duration: 1_000 * MS,
            cpu: 3 * MS,
            stats: None,
            began,
            journal,
            journal_left_out: 0,
        }
    }

    /// Milliseconds after the call was announced.
    fn times(picture: &Picture, start: SystemTime) -> (u128, u128) {
        let after = |at: SystemTime| at.duration_since(start).expect("it is later").as_millis();
        (after(picture.from), after(picture.to))
    }

    #[test]
    fn a_call_is_told_from_its_announcement_to_its_end() {
        let start = Instant::now();
        let over = Moment { call: start + 1_005 * MS, world: SystemTime::now() };
        let began = start + 30 * MS;
        let journal = vec![
            (Duration::ZERO, Happening::Accepted { command: 1, name: "answer" }),
            (10 * MS, Happening::Outcome { command: 1, name: "answer", failure: None }),
            (100 * MS, Happening::Mark { name: "+15550100".into(), played: true }),
            (200 * MS, Happening::Accepted { command: 2, name: "connect" }),
            (300 * MS, Happening::Outcome { command: 2, name: "connect", failure: Some("NO_ROUTE".into()) }),
            (400 * MS, Happening::Accepted { command: 3, name: "close" }),
            (900 * MS, Happening::Ended(EndReason::Terminated)),
        ];
        let call = picture(&record(Some(began), journal), over);
        let start = call.from;
        assert_eq!(times(&call, start), (0, 1_005));
        let children: Vec<_> = call.children.iter().map(|span| (&*span.name, times(span, start))).collect();
        let expected = [
            ("set-up", (0, 40)),
            ("guest", (30, 930)),
            ("command answer", (30, 40)),
            ("command connect", (230, 330)),
            ("command close", (430, 930)),
        ];
        assert_eq!(children, expected);
        let parts: Vec<_> = call.children[0].children.iter().map(|span| (&*span.name, times(span, start))).collect();
        let expected = [
            ("claim", (0, 5)),
            ("guest.start", (5, 6)),
            ("call.in", (6, 26)),
            ("voice", (26, 30)),
            ("answer", (30, 40)),
        ];
        assert_eq!(parts, expected);
        let failures: Vec<_> = call.children.iter().map(|span| span.failure.as_deref()).collect();
        assert_eq!(failures, [None, None, None, Some("NO_ROUTE"), Some("UNFINISHED")]);
        assert_eq!(call.events.len(), 2);
        assert!(!format!("{call:?}").contains("5550100"), "a mark's name is the handler's, and stays here");
    }

    #[test]
    fn a_call_that_never_talked_has_its_set_up_alone() {
        let over = Moment { call: Instant::now(), world: SystemTime::now() };
        let mut record = record(None, Vec::new());
        record.setup = Setup { claim: 5 * MS, guest: 2 * MS, ..Setup::default() };
        record.trouble = Some("no route to +15550100".into());
        record.end = EndReason::HandlerFailed;
        let call = picture(&record, over);
        let names: Vec<_> = call.children[0].children.iter().map(|span| &*span.name).collect();
        assert_eq!((call.children.len(), names), (1, vec!["claim", "guest.start"]));
        assert_eq!(call.failure.as_deref(), Some(EndReason::HandlerFailed.as_str()));
        assert!(!format!("{call:?}").contains("5550100"));
    }
}
