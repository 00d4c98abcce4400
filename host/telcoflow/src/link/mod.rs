//! The session-manager link: one socket after another, for as long as its connector is wanted.
//!
//! It dials, sets up, keeps the heart beating, claims and creates sessions, sends chat messages and passes on what the
//! server announces. A socket that is lost, silent or refused is followed by a pause and the next dial. Whatever belongs to
//! a socket (requests, claimed sessions, heartbeat) lives in its state and dies with it, so that nothing of it can leak into
//! the next one. Chats alone outlive it: they are claimed again on the next.
//!
//! When the link fails, its connector takes no new calls until it is up again; calls whose voice is open go on.

mod asking;
mod chats;
mod failure;
mod frames;
mod messages;
mod output;
mod requests;
mod sessions;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use self::chats::Chats;
pub use self::failure::{ClaimFailure, CreateFailure};
pub use self::output::{Deadline, Event, Output, Refusal, RequestRefused, SendFailure};
use self::requests::{Ask, Requests};
use self::sessions::Sessions;
use crate::backoff::Backoff;
use crate::codes::{LINK_LOST, TIMEOUT};
use crate::frame::AudioMode;
use crate::frame::manager::{CallFlow, CloseReason, ToClient, ToServer};
use crate::heartbeat::{Beat, Heartbeat};
use crate::limits::{PEER_TEXT_BYTES_MAX, REFUSAL_BODY_BYTES_MAX, SETUP_DONE_DEADLINE_S};
use crate::oddity::{Oddities, Oddity, Tally};
use crate::text::clipped;

/// What the link asks of the server at each setup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkConfig {
    /// One of [`SAMPLE_RATES_HZ`](crate::frame::SAMPLE_RATES_HZ).
    pub sample_rate_hz: u32,
    /// Mixed or isolated legs.
    pub audio_mode: AudioMode,
    /// Sent after each setup, because the server forgets it with the socket. `None`: left as the server has it.
    pub call_flow: Option<CallFlow>,
}

/// The link. After each call of a `&mut` method, drain [`Link::poll_output`] until it says [`Output::Timeout`].
///
/// Inputs that do not fit the state (a pong or a loss after the socket was hung up) are ignored.
pub struct Link {
    config: LinkConfig,
    rng: fastrand::Rng,
    now: Instant,
    state: State,
    outputs: VecDeque<Output>,
    backoff: Backoff,
    credentials_backoff: Backoff,
    /// What was told of refused credentials, until a dial ends differently.
    credentials_told: Option<Blamed>,
    /// Chats of lost sockets, until they are claimed again.
    chats: Chats,
    oddities: Oddities,
}

/// What makes one refusal of the credentials another than the one before. Their words may differ each time.
#[derive(Clone, Copy, PartialEq)]
enum Blamed {
    Status(u16),
    Certificate,
}

enum State {
    Pausing { until: Instant },
    Dialling,
    SettingUp { since: Instant },
    Up(Box<Socket>),
    ShutDown,
}

/// Everything that dies with a socket.
struct Socket {
    heartbeat: Heartbeat,
    requests: Requests,
    sessions: Sessions,
}

impl Link {
    /// A link whose first output is [`Output::Dial`].
    pub fn new(config: LinkConfig, seed: u64, now: Instant) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        Self {
            config,
            now,
            state: State::Dialling,
            outputs: VecDeque::from([Output::Dial]),
            backoff: Backoff::new(rng.u64(..)),
            credentials_backoff: Backoff::for_credentials(rng.u64(..)),
            credentials_told: None,
            chats: Chats::default(),
            oddities: Oddities::default(),
            rng,
        }
    }

    /// Counts oddities into this tally too, which other links may share.
    pub fn count_into(&mut self, tally: Tally) {
        self.oddities.count_into(tally);
    }

    /// The upgrade succeeded.
    pub fn handle_opened(&mut self, now: Instant) {
        self.advance(now);
        if !matches!(self.state, State::Dialling) {
            return;
        }
        self.credentials_told = None;
        self.state = State::SettingUp { since: self.now };
        let setup = ToServer::Setup { sample_rate_hz: self.config.sample_rate_hz, audio_mode: self.config.audio_mode };
        self.transmit(&setup);
    }

    /// The dial failed.
    pub fn handle_refused(&mut self, now: Instant, refusal: Refusal) {
        self.advance(now);
        if !matches!(self.state, State::Dialling) {
            return;
        }
        let blamed = match &refusal {
            Refusal::Status { status, .. } if refusal.blames_credentials() => Some(Blamed::Status(*status)),
            Refusal::Certificate(_) => Some(Blamed::Certificate),
            Refusal::Status { .. } | Refusal::Unreachable(_) | Refusal::Tls(_) => None,
        };
        let told = blamed.is_some() && self.credentials_told == blamed;
        self.credentials_told = blamed;
        let backoff = if blamed.is_some() { &mut self.credentials_backoff } else { &mut self.backoff };
        let retry_in = backoff.next_delay();
        self.pause(retry_in);
        if !told {
            self.event(Event::Refused { refusal: clipped_refusal(refusal), retry_in });
        }
    }

    /// A message came: text, or JSON in binary.
    pub fn handle_frame(&mut self, now: Instant, bytes: &[u8]) {
        self.advance(now);
        let open = matches!(self.state, State::SettingUp { .. } | State::Up(_));
        if !open {
            return;
        }
        match ToClient::parse(bytes) {
            Ok(frame) => self.frame(frame, bytes.len()),
            Err(error) => {
                let oddity = self.oddities.unreadable(&error, bytes.len());
                self.tell(oddity);
            }
        }
    }

    /// The pong to the last ping came.
    pub fn handle_pong(&mut self, now: Instant) {
        self.advance(now);
        if let State::Up(socket) = &mut self.state {
            socket.heartbeat.pong();
        }
    }

    /// The socket closed or broke. Says why, for people.
    pub fn handle_lost(&mut self, now: Instant, why: String) {
        self.advance(now);
        match self.state {
            State::SettingUp { .. } | State::Up(_) => self.fall(why, None),
            State::Dialling => self.handle_refused(now, Refusal::Unreachable(why)),
            State::Pausing { .. } | State::ShutDown => {}
        }
    }

    /// A moment that [`Output::Timeout`] named has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.advance(now);
        match &self.state {
            State::Pausing { until } if *until <= self.now => {
                self.state = State::Dialling;
                self.outputs.push_back(Output::Dial);
            }
            State::SettingUp { since } if done_due(*since) <= self.now => {
                self.fall("setup.done did not come".into(), Some("no setup.done"));
            }
            State::Up(_) => self.beat(),
            _ => {}
        }
        self.expire();
    }

    /// Ends the link for good. Open requests fail and sessions close by events; then [`Output::HangUp`] once, whether or
    /// not there is a socket; then only `Timeout(None)`.
    pub fn shut_down(&mut self) {
        match std::mem::replace(&mut self.state, State::ShutDown) {
            State::ShutDown => return,
            State::Up(socket) => self.abandon(*socket),
            State::Pausing { .. } | State::Dialling | State::SettingUp { .. } => {}
        }
        let chats: Vec<String> = self.chats.take_all().collect();
        chats.into_iter().for_each(|session_id| self.force_closed(session_id));
        self.outputs.push_back(Output::HangUp("shut down"));
    }

    /// Whether sessions can be claimed.
    pub fn is_up(&self) -> bool {
        matches!(self.state, State::Up(_))
    }

    /// How often each kind of [`Oddity`] happened since the link began, by name.
    pub fn oddities(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.oddities.counts()
    }

    /// The next thing to do; [`Output::Timeout`] when there is none left.
    pub fn poll_output(&mut self) -> Output {
        match self.outputs.pop_front() {
            Some(output) => output,
            None => Output::Timeout(self.next_deadline()),
        }
    }
}

// What time and loss do.
impl Link {
    fn beat(&mut self) {
        let State::Up(socket) = &mut self.state else {
            return;
        };
        match socket.heartbeat.beat(self.now) {
            Beat::Nothing => {}
            Beat::Ping => self.outputs.push_back(Output::Ping),
            Beat::Dead => self.fall("the pong did not come".into(), Some("no pong")),
        }
    }

    fn expire(&mut self) {
        let State::Up(socket) = &mut self.state else {
            return;
        };
        let expired: Vec<Ask> = std::iter::from_fn(|| socket.requests.expired(self.now)).collect();
        while let Some(session_id) = socket.sessions.overdue(self.now) {
            let event = Event::NotReadied { session_id };
            self.outputs.push_back(Output::Event(event));
        }
        expired.into_iter().for_each(|ask| self.failed(ask, TIMEOUT));
    }

    /// From an open socket to the pause before the next dial.
    fn fall(&mut self, why: String, hang_up: Option<&'static str>) {
        let retry_in = self.backoff.next_delay();
        if let State::Up(socket) = self.pause(retry_in) {
            self.abandon(*socket);
        }
        if let Some(reason) = hang_up {
            self.outputs.push_back(Output::HangUp(reason));
        }
        let why = clipped(why, PEER_TEXT_BYTES_MAX);
        self.event(Event::Down { why, retry_in });
    }

    /// Answers what a socket left open, and keeps its chats for the next one.
    fn abandon(&mut self, socket: Socket) {
        let (chats, others) = socket.sessions.into_lost();
        for ask in socket.requests.into_asks() {
            match ask {
                Ask::Reclaim { .. } => {}
                ask => self.failed(ask, LINK_LOST),
            }
        }
        self.chats.lost(chats);
        others.into_iter().for_each(|session_id| self.force_closed(session_id));
    }

    fn force_closed(&mut self, session_id: String) {
        self.event(Event::SessionClosed { session_id, reason: CloseReason::ForceClose });
    }

    /// No answer will come.
    fn failed(&mut self, ask: Ask, code: &str) {
        match ask {
            Ask::Reclaim { session_id } => self.reclaimed(session_id, false),
            ask => self.event(failed(ask, code)),
        }
    }

    fn pause(&mut self, retry_in: Duration) -> State {
        let until = self.now + retry_in;
        std::mem::replace(&mut self.state, State::Pausing { until })
    }

    fn next_deadline(&self) -> Option<(Instant, Deadline)> {
        match &self.state {
            State::Pausing { until } => Some((*until, Deadline::Redial)),
            State::SettingUp { since } => Some((done_due(*since), Deadline::SetupDone)),
            State::Dialling | State::ShutDown => None,
            State::Up(socket) => {
                let (beat_at, is_pong) = socket.heartbeat.deadline();
                let beat = if is_pong { Deadline::Pong } else { Deadline::Ping };
                let request = socket.requests.next_due().map(|at| (at, Deadline::Request));
                let ready = socket.sessions.next_due().map(|at| (at, Deadline::Ready));
                [Some((beat_at, beat)), request, ready].into_iter().flatten().min_by_key(|(at, _)| *at)
            }
        }
    }
}

impl Link {
    /// Time never runs backwards here, whatever the caller's clock does.
    fn advance(&mut self, now: Instant) {
        self.now = self.now.max(now);
    }

    fn transmit(&mut self, frame: &ToServer) {
        self.outputs.push_back(Output::Transmit(frame.print()));
    }

    fn event(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    fn odd(&mut self, kind: &'static str, bytes: usize) {
        let oddity = self.oddities.note(kind, || format!("a frame of {bytes} bytes"));
        self.tell(oddity);
    }

    fn tell(&mut self, oddity: Option<Oddity>) {
        if let Some(oddity) = oddity {
            self.event(Event::Oddity(oddity));
        }
    }
}

fn failed(ask: Ask, code: &str) -> Event {
    let code = code.to_owned();
    match ask {
        Ask::CallFlow => Event::CallFlowSet(Err(code)),
        Ask::Claim { session_id } => Event::ClaimFailed { session_id, failure: ClaimFailure::Other(code) },
        Ask::Create { key } => Event::CreateFailed { key, failure: CreateFailure::Other(code) },
        Ask::Send { session_id, key } => {
            Event::Sent { session_id, key, result: Err(SendFailure { code, content: None }) }
        }
        Ask::Reclaim { session_id } => Event::SessionClosed { session_id, reason: CloseReason::ForceClose },
    }
}

fn done_due(since: Instant) -> Instant {
    since + Duration::from_secs(SETUP_DONE_DEADLINE_S)
}

fn clipped_refusal(refusal: Refusal) -> Refusal {
    match refusal {
        Refusal::Status { status, body } => Refusal::Status { status, body: clipped(body, REFUSAL_BODY_BYTES_MAX) },
        Refusal::Unreachable(why) => Refusal::Unreachable(clipped(why, PEER_TEXT_BYTES_MAX)),
        Refusal::Tls(why) => Refusal::Tls(clipped(why, PEER_TEXT_BYTES_MAX)),
        Refusal::Certificate(why) => Refusal::Certificate(clipped(why, PEER_TEXT_BYTES_MAX)),
    }
}
