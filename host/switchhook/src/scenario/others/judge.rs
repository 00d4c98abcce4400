//! Judging what was sent to other hosts, and whether their scripts came to their ends.

use std::ops::Range;

use serde_json::Value;
use tokio::time::Instant;

use super::super::expect::Sound;
use super::super::verdict::{Miss, at as window_in_words};
use super::super::{Line, hear};
use super::form::{at, audio_of, bytes, short, shown};
use super::met::{Met, MetSocket};
use super::require::SentWhat;
use super::{Form, Opened, Others, Requested, Sent};

/// Messages that are shown in the place of one that was not sent.
const AKIN_SHOWN_MAX: usize = 4;

/// What there is to judge.
pub(in crate::scenario) struct Found<'a> {
    pub(in crate::scenario) others: &'a Others,
    pub(in crate::scenario) met: &'a Met,
    /// The answer, from which times count.
    pub(in crate::scenario) zero: Instant,
    pub(in crate::scenario) sample_rate_hz: u32,
}

/// All that does not hold. `begin_ms` tells when a step began, ms since the answer.
pub(in crate::scenario) fn judge(
    found: &Found<'_>,
    (sent, opened, requested): (&[Sent], &[Opened], &[Requested]),
    begin_ms: impl Fn(&str) -> Option<u64>,
) -> Vec<Miss> {
    let mut misses = found.scripts();
    for sent in sent {
        let begin = match &sent.after {
            None => Some(0),
            Some(step) => begin_ms(step),
        };
        misses.extend(
            match begin {
                Some(begin) => found.sent(sent, begin),
                None => {
                    Some(format!("sent: the step {:?} was never reached", sent.after.as_deref().unwrap_or_default()))
                }
            }
            .map(|what| Miss { line: Some(sent.line), what }),
        );
    }
    misses.extend(opened.iter().filter_map(|opened| found.opened(opened)));
    misses.extend(requested.iter().filter_map(|requested| found.requested(requested)));
    misses
}

impl Found<'_> {
    /// Everybody is met, and hears what they wait for.
    fn scripts(&self) -> Vec<Miss> {
        let mut misses = Vec::new();
        let mut miss = |line: Line, what| misses.push(Miss { line: Some(line), what });
        for (index, script) in self.others.sockets.iter().enumerate() {
            let mut met = self.met.sockets.iter().filter(|socket| socket.script == index).peekable();
            if met.peek().is_none() {
                miss(script.line, "websocket: the handler never opened it".to_owned());
            }
            for socket in met {
                let waits = script.steps.get(socket.step).and_then(|(line, step)| Some((*line, step.waits_for()?)));
                if let Some((line, what)) = waits.filter(|_| script.refuses.is_none()) {
                    let last = socket.sent.last().map_or("nothing".to_owned(), |(_, last)| shown(last));
                    miss(line, format!("websocket: it still waits for {what}; the last that it was sent is {last}"));
                }
            }
        }
        for (index, script) in self.others.answers.iter().enumerate() {
            if !self.met.requests.iter().any(|request| request.script == index) {
                miss(script.line, "http: the handler never asked it".to_owned());
            }
        }
        misses
    }

    fn sent(&self, sent: &Sent, begin_ms: u64) -> Option<String> {
        let window = begin_ms + sent.place_ms.start..begin_ms.saturating_add(sent.place_ms.end);
        let meant = |socket: &&MetSocket| sent.to.as_ref().is_none_or(|to| socket.url.starts_with(to));
        let sockets = self.met.sockets.iter().filter(meant);
        let (form, between) = match &sent.what {
            SentWhat::Audio(sound) => return self.audio(sound, sent.times, &window, sockets),
            SentWhat::Message(form, between) => (form, between),
        };
        let messages = sockets.flat_map(|socket| &socket.sent).map(|(at, message)| (self.ms(*at), message));
        let akin: Vec<_> = messages.filter(|(_, message)| form.is_akin(bytes(message))).collect();
        let fits = |message: &[u8]| form.fits(message) && within(message, between);
        let there = akin.iter().filter(|(ms, message)| window.contains(ms) && fits(bytes(message))).count();
        let wanted = counted(sent.times, there as u64)?;
        let shown: Vec<String> =
            akin.iter().take(AKIN_SHOWN_MAX).map(|(ms, message)| format!("{ms} ms: {}", shown(message))).collect();
        let shown = match shown.len() {
            0 => "nothing like it was sent".to_owned(),
            few if few < akin.len() => format!("there were {} like it: {}, ...", akin.len(), shown.join(", ")),
            _ => format!("there was {}", shown.join(", ")),
        };
        let bounds: Vec<String> = between.iter().map(|(path, min, max)| format!("{path} {min} to {max}")).collect();
        let bounds = if bounds.is_empty() { String::new() } else { format!(" with {}", bounds.join(", ")) };
        Some(format!("sent {form}{bounds}: expected {wanted} {}; {shown}", window_in_words(&window)))
    }

    /// A sound in what was sent as audio. Its place is when it was sent.
    fn audio<'m>(
        &self,
        sound: &Sound,
        times: Option<u64>,
        window: &Range<u64>,
        sockets: impl Iterator<Item = &'m MetSocket>,
    ) -> Option<String> {
        let Sound::File { name, samples, likeness_min } = sound else { return None };
        let mut found = Vec::new();
        for socket in sockets {
            let Some(form) = &self.others.sockets[socket.script].sent_audio else { continue };
            let rate_hz = form.sample_rate_hz.unwrap_or(self.sample_rate_hz);
            let pieces = socket.sent.iter().filter_map(|(at, message)| Some((self.ms(*at), audio_of(message, form)?)));
            let pieces: Vec<(u64, Vec<i16>)> = pieces.collect();
            let Some((begin, _)) = pieces.first() else { continue };
            let sent: Vec<i16> = pieces.iter().flat_map(|(_, samples)| samples.iter().copied()).collect();
            let places = hear::places(samples, &hear::for_search(&sent, rate_hz), *likeness_min);
            found.extend(places.into_iter().map(|(ms, likeness)| (begin + ms, likeness)));
        }
        let wanted = counted(times, found.iter().filter(|(ms, _)| window.contains(ms)).count() as u64)?;
        let places: Vec<String> = found.iter().map(|(ms, likeness)| format!("{ms} ms ({likeness:.2})")).collect();
        let places = if places.is_empty() { "nowhere".to_owned() } else { format!("at {}", places.join(", ")) };
        let (name, window) = (name.display(), window_in_words(window));
        Some(format!("sent {name}: expected {wanted} {window}; it was there {places}"))
    }

    fn opened(&self, opened: &Opened) -> Option<Miss> {
        let fits = |socket: &&MetSocket| {
            opened.url.as_ref().is_none_or(|url| *url == socket.url)
                && has_all(&socket.headers, &opened.headers)
                && opened
                    .closed
                    .is_none_or(|code| socket.closed.as_ref().is_some_and(|(given, _)| *given as u64 == code))
        };
        let wanted = counted(opened.times, self.met.sockets.iter().filter(fits).count() as u64)?;
        let there: Vec<String> = self.met.sockets.iter().map(socket_in_words).collect();
        let there =
            if there.is_empty() { "none was opened".to_owned() } else { format!("there were {}", there.join("; ")) };
        Some(Miss { line: Some(opened.line), what: format!("socket: expected {wanted}; {there}") })
    }

    fn requested(&self, requested: &Requested) -> Option<Miss> {
        let fits = self.met.requests.iter().filter(|request| {
            requested.url.as_ref().is_none_or(|url| *url == request.url)
                && requested.method.as_ref().is_none_or(|method| *method == request.method)
                && has_all(&request.headers, &requested.headers)
                && requested.body.fits(&request.body)
        });
        let wanted = counted(requested.times, fits.count() as u64)?;
        let there = self.met.requests.iter().map(|request| {
            let body = short(&String::from_utf8_lossy(&request.body));
            format!("{} {} {}: {body}", request.method, request.url, names(&request.headers))
        });
        let there = there.collect::<Vec<_>>().join("; ");
        let there = if there.is_empty() { "there was none".to_owned() } else { format!("there were {there}") };
        let body = match &requested.body {
            Form::Any => String::new(),
            form => format!(" with {form}"),
        };
        Some(Miss { line: Some(requested.line), what: format!("request{body}: expected {wanted}; {there}") })
    }

    fn ms(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.zero).as_millis()).unwrap_or(u64::MAX)
    }
}

/// How often it was wanted, when it was not there so often.
fn counted(wanted: Option<u64>, there: u64) -> Option<String> {
    match wanted {
        None => (there == 0).then(|| "at least once".to_owned()),
        Some(wanted) => (there != wanted).then(|| format!("{wanted} times, not {there},")),
    }
}

fn within(message: &[u8], between: &[(String, f64, f64)]) -> bool {
    if between.is_empty() {
        return true;
    }
    let Ok(message) = serde_json::from_slice::<Value>(message) else { return false };
    between.iter().all(|(path, min, max)| {
        at(&message, path).and_then(Value::as_f64).is_some_and(|number| (*min..=*max).contains(&number))
    })
}

fn has_all(there: &[(String, String)], wanted: &[(String, String)]) -> bool {
    let has = |(name, value): &(String, String)| {
        there.iter().any(|(known, given)| known.eq_ignore_ascii_case(name) && given == value)
    };
    wanted.iter().all(has)
}

fn socket_in_words(socket: &MetSocket) -> String {
    let closed = match &socket.closed {
        Some((code, _)) => format!("closed with {code}"),
        None => "not closed by the handler".to_owned(),
    };
    format!("{} {} {closed}", socket.url, names(&socket.headers))
}

fn names(headers: &[(String, String)]) -> String {
    let headers: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    format!("[{}]", headers.join(", "))
}
