//! The network of a call whose other hosts are scripts.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use call::{Answering, Failure, Network, NetworkEvent, Payload, Reach, StreamRequest, code};
use network::limits::{MESSAGE_OUT_BYTES_MAX, REQUEST_BODY_BYTES_MAX, REQUESTS_MAX, SOCKETS_MAX};
use parking_lot::Mutex;
use tokio::time::{Instant, Sleep};

use super::form::{audio_of, bytes, shown, with_audio};
use super::met::{Met, MetRequest, MetSocket, News};
use super::streamed;
use super::{AnswerScript, AudioForm, Others, SocketScript, Step};

/// How long a close takes.
const CLOSES: Duration = Duration::from_millis(20);
/// What is louder than this is a voice: -40 dB below full scale, as everywhere in a scenario.
const LOUD: u16 = 300;

/// The other hosts of one call. Clones are the same.
#[derive(Clone)]
pub(in crate::scenario) struct Scripted(Arc<Stage>);

pub(super) struct Stage {
    pub(super) others: Others,
    sample_rate_hz: u32,
    pub(super) met: Mutex<Met>,
}

impl Scripted {
    /// Nobody was met yet.
    pub(in crate::scenario) fn new(others: Others, sample_rate_hz: u32) -> Self {
        Self(Arc::new(Stage { others, sample_rate_hz, met: Mutex::default() }))
    }

    /// What happened so far.
    pub(in crate::scenario) fn take(&self) -> Met {
        std::mem::take(&mut self.0.met.lock())
    }
}

impl fmt::Debug for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scripted")
    }
}

impl Network for Scripted {
    fn begin(&self) -> Box<dyn Reach> {
        let stage = Arc::clone(&self.0);
        let streams = Arc::default();
        Box::new(Hand { stage, lines: Vec::new(), asked: Vec::new(), streams, requests: 0, alarm: None, waker: None })
    }
}

/// What one handler has open.
struct Hand {
    stage: Arc<Stage>,
    lines: Vec<Line>,
    asked: Vec<Asked>,
    /// One more is held by each request whose answer is a stream.
    streams: Arc<()>,
    requests: u32,
    alarm: Option<Pin<Box<Sleep>>>,
    waker: Option<Waker>,
}

/// A socket: its script, and where that stands.
struct Line {
    id: u32,
    script: usize,
    /// Its place in what was met.
    met: usize,
    open: bool,
    closing: Option<(u16, String)>,
    step: usize,
    /// When the next step may be taken.
    at: Instant,
    /// Messages of the handler that a step has looked at.
    looked: usize,
    /// What the present step has counted: messages that were heard, samples of silence, pieces that were said.
    count: u64,
    /// What the present step says.
    saying: Vec<i16>,
    gone: bool,
}

struct Asked {
    id: u32,
    script: usize,
    met: usize,
    at: Instant,
    begun: bool,
    piece: usize,
    cancelled: bool,
    gone: bool,
}

impl Hand {
    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// A request meets its script: its place in what was met.
    fn ask(&mut self, method: &str, url: &str, headers: &[(String, String)], body: Vec<u8>) -> Result<usize, Failure> {
        let scripts = &self.stage.others.answers;
        let mut met = self.stage.met.lock();
        let used = |script| met.requests.iter().any(|request| request.script == script);
        let script = choose(scripts, |script| script.fits(method, url), used).ok_or_else(|| not_granted(url))?;
        not_secret(&scripts[script].secret_headers, headers)?;
        check_length(&body)?;
        if self.asked.len() + Arc::strong_count(&self.streams) > REQUESTS_MAX {
            return Err(Failure::new(code::FULL, format!("{REQUESTS_MAX} requests are under way")));
        }
        met.requests.push(MetRequest {
            script,
            at: Instant::now(),
            method: method.to_owned(),
            url: url.to_owned(),
            headers: headers.to_vec(),
            body,
            end: None,
        });
        Ok(met.requests.len() - 1)
    }

    /// What is due by now.
    fn due(&mut self, now: Instant) -> Option<NetworkEvent> {
        let stage = &*self.stage;
        let mut met = stage.met.lock();
        let sockets = self.lines.iter_mut().find_map(|line| line.due(now, stage, &mut met));
        let due = sockets.or_else(|| self.asked.iter_mut().find_map(|asked| asked.due(now, stage, &mut met)));
        self.lines.retain(|line| !line.gone);
        self.asked.retain(|asked| !asked.gone);
        due
    }

    /// When something happens by itself next.
    fn next_at(&self) -> Option<Instant> {
        let lines = self.lines.iter().filter(|line| line.goes_on(&self.stage.others.sockets[line.script]));
        lines.map(|line| line.at).chain(self.asked.iter().map(|asked| asked.at)).min()
    }
}

impl Reach for Hand {
    fn open(&mut self, url: &str, headers: &[(String, String)]) -> Result<u32, Failure> {
        let scripts = &self.stage.others.sockets;
        let mut met = self.stage.met.lock();
        let used = |script| met.sockets.iter().any(|socket| socket.script == script);
        let script = choose(scripts, |script| script.address.fits(url), used).ok_or_else(|| not_granted(url))?;
        not_secret(&scripts[script].secret_headers, headers)?;
        if self.lines.len() >= SOCKETS_MAX {
            return Err(Failure::new(code::FULL, format!("{SOCKETS_MAX} sockets are open; close one first")));
        }
        let index = met.sockets.len();
        met.sockets.push(MetSocket {
            script,
            url: url.to_owned(),
            headers: headers.to_vec(),
            news: Vec::new(),
            sent: Vec::new(),
            closed: None,
            step: 0,
        });
        let id = index as u32 + 1;
        let at = Instant::now() + scripts[script].opens_after;
        drop(met);
        self.lines.push(Line {
            id,
            script,
            met: index,
            open: false,
            closing: None,
            step: 0,
            at,
            looked: 0,
            count: 0,
            saying: Vec::new(),
            gone: false,
        });
        self.wake();
        Ok(id)
    }

    fn send(&mut self, socket: u32, payload: Payload) -> Result<(), Failure> {
        if payload.len() > MESSAGE_OUT_BYTES_MAX {
            return Err(Failure::new(code::INVALID, format!("more than {MESSAGE_OUT_BYTES_MAX} bytes")));
        }
        let line = self.lines.iter().find(|line| line.id == socket && line.open && line.closing.is_none());
        let line = line.ok_or_else(|| Failure::new(code::NOT_NOW, "there is no such socket, or it is not open"))?;
        self.stage.met.lock().sent(line.met, Instant::now(), payload);
        self.wake();
        Ok(())
    }

    fn close(&mut self, socket: u32, code: u16, reason: &str) {
        let now = Instant::now();
        if let Some(line) = self.lines.iter_mut().find(|line| line.id == socket && line.closing.is_none()) {
            line.closing = Some((code, reason.to_owned()));
            line.at = now + CLOSES;
            let met = &mut self.stage.met.lock().sockets[line.met];
            met.closed = Some((code, reason.to_owned()));
            met.news.push((now, News::IsClosed(format!("{code} {reason}"))));
        }
        self.wake();
    }

    fn request(
        &mut self,
        method: &str,
        url: &str,
        headers: &[(String, String)],
        body: Vec<u8>,
    ) -> Result<u32, Failure> {
        let index = self.ask(method, url, headers, body)?;
        let script = self.stage.met.lock().requests[index].script;
        self.requests += 1;
        let (id, at) = (self.requests, Instant::now() + self.stage.others.answers[script].after);
        self.asked.push(Asked { id, script, met: index, at, begun: false, piece: 0, cancelled: false, gone: false });
        self.wake();
        Ok(id)
    }

    fn cancel(&mut self, request: u32) {
        if let Some(asked) = self.asked.iter_mut().find(|asked| asked.id == request) {
            (asked.cancelled, asked.at) = (true, Instant::now());
        }
        self.wake();
    }

    fn stream(&mut self, request: StreamRequest) -> Result<Answering, Failure> {
        let StreamRequest { method, url, headers, body, .. } = request;
        let index = self.ask(&method, &url, &headers, Vec::new())?;
        Ok(streamed::begin(self.stage.clone(), index, body, self.streams.clone()))
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<NetworkEvent> {
        loop {
            if let Some(event) = self.due(Instant::now()) {
                return Poll::Ready(event);
            }
            self.waker = Some(cx.waker().clone());
            let Some(at) = self.next_at() else {
                self.alarm = None;
                return Poll::Pending;
            };
            let alarm = self.alarm.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(at)));
            alarm.as_mut().reset(at);
            if alarm.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }

    fn is_busy(&self) -> bool {
        !self.lines.is_empty() || !self.asked.is_empty()
    }
}

impl Line {
    /// Whether it does something without hearing anything.
    fn goes_on(&self, script: &SocketScript) -> bool {
        !self.open
            || self.closing.is_some()
            || script.steps.get(self.step).is_some_and(|(_, step)| step.waits_for().is_none())
    }

    fn due(&mut self, now: Instant, stage: &Stage, met: &mut Met) -> Option<NetworkEvent> {
        let script = &stage.others.sockets[self.script];
        let met = &mut met.sockets[self.met];
        while self.at <= now {
            if let Some((code, reason)) = self.closing.take() {
                self.gone = true;
                return Some(NetworkEvent::SocketClosed(self.id, code, reason));
            }
            if !self.open {
                if let Some(code) = &script.refuses {
                    let reason = format!("{code}: the scenario says so");
                    return Some(self.closed(now, met, 1006, reason));
                }
                self.open = true;
                met.news.push((now, News::Opens));
                return Some(NetworkEvent::SocketOpen(self.id));
            }
            let (_, step) = script.steps.get(self.step)?;
            match step {
                Step::Hears(..) | Step::HearsVoice | Step::HearsSilence(_) => {
                    let form = script.sent_audio.as_ref();
                    let heard_at = self.hears(step, form, stage.sample_rate_hz, &met.sent)?;
                    self.at = self.at.max(heard_at);
                }
                Step::Waits(time) => self.at += *time,
                Step::Says(payload) => {
                    self.next_step(met);
                    return Some(self.says(now, met, payload.clone()));
                }
                Step::SaysAudio { every, .. } => {
                    if let Some(payload) = self.next_piece(step, stage.sample_rate_hz) {
                        self.at += *every;
                        return Some(self.says(now, met, payload));
                    }
                }
                Step::Closes(code, reason) => {
                    self.next_step(met);
                    return Some(self.closed(now, met, *code, reason.clone()));
                }
            }
            self.next_step(met);
        }
        None
    }

    fn next_step(&mut self, met: &mut MetSocket) {
        self.step += 1;
        self.count = 0;
        met.step = self.step;
    }

    fn says(&mut self, now: Instant, met: &mut MetSocket, payload: Payload) -> NetworkEvent {
        met.news.push((now, News::Says(shown(&payload))));
        NetworkEvent::SocketMessage(self.id, payload)
    }

    fn closed(&mut self, now: Instant, met: &mut MetSocket, code: u16, reason: String) -> NetworkEvent {
        met.news.push((now, News::Closes(format!("{code} {reason}"))));
        self.gone = true;
        NetworkEvent::SocketClosed(self.id, code, reason)
    }

    /// Looks at what came until the step has heard what it waits for: when that came.
    fn hears(
        &mut self,
        step: &Step,
        audio: Option<&AudioForm>,
        sample_rate_hz: u32,
        sent: &[(Instant, Payload)],
    ) -> Option<Instant> {
        while let Some((at, message)) = sent.get(self.looked) {
            self.looked += 1;
            let samples = || audio.and_then(|form| audio_of(message, form));
            let is_loud = |samples: &[i16]| samples.iter().any(|sample| sample.unsigned_abs() > LOUD);
            let heard = match step {
                Step::Hears(form, times) => {
                    self.count += u64::from(form.fits(bytes(message)));
                    self.count >= *times
                }
                Step::HearsVoice => samples().is_some_and(|samples| is_loud(&samples)),
                Step::HearsSilence(time) => {
                    let rate_hz = audio.and_then(|form| form.sample_rate_hz).unwrap_or(sample_rate_hz);
                    if let Some(samples) = samples() {
                        self.count = if is_loud(&samples) { 0 } else { self.count + samples.len() as u64 };
                    }
                    u128::from(self.count) * 1_000 >= time.as_millis() * u128::from(rate_hz)
                }
                _ => true,
            };
            if heard {
                return Some(*at);
            }
        }
        None
    }

    /// The next piece of audio that is said.
    fn next_piece(&mut self, step: &Step, sample_rate_hz: u32) -> Option<Payload> {
        let Step::SaysAudio { samples, sample_rate_hz: file_hz, form, within, piece, .. } = step else { return None };
        let rate_hz = form.sample_rate_hz.unwrap_or(sample_rate_hz);
        if self.count == 0 {
            // The rates were tried when they were read.
            self.saying = audio::resample(samples, *file_hz, rate_hz).unwrap_or_default();
        }
        let length = (piece.as_millis() * u128::from(rate_hz) / 1_000).max(1) as usize;
        let said = self.saying.chunks(length).nth(self.count as usize)?;
        let payload = with_audio(said, form.encoding, within.as_ref());
        self.count += 1;
        Some(payload)
    }
}

impl AnswerScript {
    fn fits(&self, method: &str, url: &str) -> bool {
        self.address.fits(url) && self.method.as_ref().is_none_or(|known| known == method)
    }
}

impl Asked {
    fn due(&mut self, now: Instant, stage: &Stage, met: &mut Met) -> Option<NetworkEvent> {
        let script = &stage.others.answers[self.script];
        let met = &mut met.requests[self.met];
        if self.at > now {
            return None;
        }
        if self.cancelled {
            let failure = Failure::new("CANCELLED", "the handler gave it up");
            return Some(self.ends(now, met, Err(failure)));
        }
        if !self.begun {
            self.begun = true;
            if let (Some(code), true) = (&script.fails, script.pieces.is_empty()) {
                let failure = Failure::new(code.clone(), "the scenario says so");
                return Some(self.ends(now, met, Err(failure)));
            }
            return Some(NetworkEvent::HttpHead(self.id, script.status, script.headers.clone()));
        }
        if let Some(piece) = script.pieces.get(self.piece) {
            self.piece += 1;
            self.at += script.every;
            return Some(NetworkEvent::HttpBody(self.id, piece.clone()));
        }
        let failure = script.fails.as_ref().map(|code| Failure::new(code.clone(), "the scenario says so"));
        Some(self.ends(now, met, failure.map_or(Ok(()), Err)))
    }

    fn ends(&mut self, now: Instant, met: &mut MetRequest, value: Result<(), Failure>) -> NetworkEvent {
        met.ends(now, &value);
        self.gone = true;
        NetworkEvent::HttpEnd(self.id, value)
    }
}

/// The first that fits and was not met before, or the last that fits.
fn choose<T>(scripts: &[T], fits: impl Fn(&T) -> bool, used: impl Fn(usize) -> bool) -> Option<usize> {
    let fitting = || scripts.iter().enumerate().filter(|(_, script)| fits(script)).map(|(index, _)| index);
    fitting().find(|index| !used(*index)).or_else(|| fitting().last())
}

fn not_granted(url: &str) -> Failure {
    let host = url.split('/').nth(2).unwrap_or(url);
    let message = format!("no grant for {host}: the scenario has no `[[websocket]]` or `[[http]]` for this address");
    Failure::new(code::NOT_GRANTED, message)
}

/// # Errors
/// `INVALID` for a body that is too long.
pub(super) fn check_length(body: &[u8]) -> Result<(), Failure> {
    if body.len() > REQUEST_BODY_BYTES_MAX {
        return Err(Failure::new(code::INVALID, format!("more than {REQUEST_BODY_BYTES_MAX} bytes")));
    }
    Ok(())
}

/// # Errors
/// `INVALID`: the handler sets a header that the host has a secret for.
fn not_secret(secret: &[String], headers: &[(String, String)]) -> Result<(), Failure> {
    let set = headers.iter().find(|(name, _)| secret.iter().any(|secret| secret.eq_ignore_ascii_case(name)));
    set.map_or(Ok(()), |(name, _)| Err(Failure::new(code::INVALID, format!("the host has a secret for {name}"))))
}
