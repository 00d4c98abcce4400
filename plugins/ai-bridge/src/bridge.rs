//! The bridge: what the caller says goes to the model, what the model says is played, and whoever speaks interrupts.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use serde_json::Value;
use switchhook_guest::aio::{Audio, Call, Events, Sleep, Socket, TimedOut, sleep, timeout};
use switchhook_guest::{Event, Failure, Payload, code, info, playout, warn};

use crate::dialect::{Asked, Dialect, Heard};
use crate::playback::Playback;
use crate::settings::Settings;
use crate::sound::{Inward, Outward};
use crate::tools::{self, CONNECT_PERSON, HANG_UP, Running};

/// Audio that is queued in the host, ms. The rest waits here, where an interruption finds it.
const AHEAD_MS: u64 = 400;
/// Audio of an answer that waits here, s. What is more is not said.
const ANSWER_S_MAX: usize = 180;
/// A model that shall say goodbye and says nothing for so long has said it.
const GOODBYE_QUIET_MS: u64 = 4_000;
/// How often a session may go on over another socket.
const RESUMES_MAX: u32 = 100;
/// For a model to be ready. Longer: `TIMEOUT`.
const READY_S_MAX: u64 = 10;
/// Messages that wait for a socket that is behind. More: the session is given up.
const OUTBOX_MAX: usize = 256;

/// The model left in the middle. Not `LINK_LOST`, with which a handler ends well, since then its own call is over.
const MODEL_LOST: &str = "MODEL_LOST";

/// How it is over.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// The call is.
    Ended,
    /// The caller was connected with a person.
    Connected,
    /// The model has said goodbye, or has left.
    Goodbye,
}

enum News {
    Ended,
    Message(Payload),
    Closed,
    Result(Asked, Result<Value, Failure>),
    Quiet,
}

pub(crate) struct Bridge {
    call: Call,
    dialect: Box<dyn Dialect>,
    socket: Socket,
    url: String,
    /// The model will leave soon; how often it did.
    leaves: bool,
    resumes: u32,
    tool_url: Option<String>,
    ring_time_s: u64,
    frames: Audio,
    events: Events,
    inward: Inward,
    outward: Outward,
    /// What the model said and the host does not have yet.
    queue: VecDeque<i16>,
    playback: Playback,
    outbox: VecDeque<Payload>,
    running: Vec<(Asked, Running)>,
    /// The model shall say goodbye; the time in which it may be silent before.
    leaving: Option<Sleep>,
}

impl Bridge {
    pub(crate) fn new(call: Call, settings: Settings, socket: Socket) -> Self {
        let Settings { url, mut dialect, tool_url, ring_time_s } = settings;
        let rate_hz = call.sample_rate_hz();
        let (hears, speaks) = dialect.sounds();
        Self {
            outbox: dialect.hello().into(),
            frames: call.audio(),
            events: call.events(),
            inward: Inward::new(rate_hz, hears),
            outward: Outward::new(speaks, rate_hz),
            call,
            dialect,
            socket,
            url,
            leaves: false,
            resumes: 0,
            tool_url,
            ring_time_s,
            queue: VecDeque::new(),
            playback: Playback::default(),
            running: Vec::new(),
            leaving: None,
        }
    }

    /// Waits until the model is ready.
    ///
    /// # Errors
    /// `TIMEOUT`: it is not. `MODEL_LOST`: it left before. `MODEL_REFUSED`: it says so. `ENDED`: the caller gave up.
    pub(crate) async fn ready(&mut self) -> Result<(), Failure> {
        let ready = timeout(Duration::from_secs(READY_S_MAX), self.greeted()).await;
        ready.map_err(|TimedOut| Failure::new(code::TIMEOUT, "the model is not ready"))?
    }

    /// Goes on with the same session over another socket. Whether it does.
    async fn resume(&mut self) -> Result<bool, Failure> {
        self.leaves = false;
        let Some(hello) = self.dialect.resume().filter(|_| self.resumes < RESUMES_MAX) else { return Ok(false) };
        self.resumes += 1;
        match Socket::open(&self.url, &[]).await {
            Ok(socket) => self.socket = socket,
            Err(failure) if failure.is(code::ENDED) => return Err(failure),
            Err(failure) => {
                warn!("the session cannot go on over another socket: {}", failure.code);
                return Ok(false);
            }
        }
        // What was under way is not coming any more.
        self.playback.is_whole();
        let waiting = std::mem::replace(&mut self.outbox, hello.into());
        self.ready().await?;
        self.outbox.extend(waiting);
        info!("the session goes on over another socket");
        Ok(true)
    }

    async fn greeted(&mut self) -> Result<(), Failure> {
        loop {
            self.send();
            let message = self.socket.next().await.ok_or_else(|| self.lost())?;
            for heard in self.dialect.hear(&message) {
                match heard {
                    Heard::Ready => return Ok(()),
                    Heard::Trouble(what) => return Err(Failure::new("MODEL_REFUSED", what)),
                    _ => {}
                }
            }
        }
    }

    /// The call is answered.
    pub(crate) fn begin(&mut self) {
        let rate_hz = self.call.sample_rate_hz();
        let (hears, speaks) = self.dialect.sounds();
        info!("the model hears {} Hz and speaks {} Hz; the call has {rate_hz} Hz", hears.rate_hz, speaks.rate_hz);
        (self.inward, self.outward) = (Inward::new(rate_hz, hears), Outward::new(speaks, rate_hz));
        self.outbox.extend(self.dialect.begin());
    }

    /// To the end of the conversation.
    ///
    /// # Errors
    /// `MODEL_LOST`: the model is gone.
    pub(crate) async fn talk(&mut self) -> Result<Left, Failure> {
        loop {
            match poll_fn(|cx| self.poll_news(cx)).await {
                News::Ended => return Ok(Left::Ended),
                News::Quiet => return Ok(Left::Goodbye),
                News::Closed => {
                    if self.leaving.is_none() && self.resume().await? {
                        continue;
                    }
                    let good =
                        self.leaving.is_some() || self.socket.closed().is_some_and(|closed| closed.code == 1_000);
                    return if good { Ok(Left::Goodbye) } else { Err(self.lost()) };
                }
                News::Message(message) => {
                    for heard in self.dialect.hear(&message) {
                        if self.heard(heard) {
                            return Ok(Left::Goodbye);
                        }
                    }
                    // Between two answers nothing is lost.
                    if self.leaves && self.leaving.is_none() && !self.playback.comes() {
                        self.resume().await?;
                    }
                }
                News::Result(asked, result) => {
                    if asked.name == CONNECT_PERSON && result.is_ok() {
                        return Ok(Left::Connected);
                    }
                    match &result {
                        Ok(_) => info!("{} is done", asked.name),
                        Err(failure) => info!("{} failed with {}", asked.name, failure.code),
                    }
                    let messages = self.dialect.result(&asked, &result);
                    self.outbox.extend(messages);
                    if asked.name == HANG_UP {
                        self.leaving = Some(sleep(Duration::from_millis(GOODBYE_QUIET_MS)));
                    }
                }
            }
        }
    }

    /// Waits until all that was said was heard.
    ///
    /// # Errors
    /// `ENDED`: the caller did not wait.
    pub(crate) async fn heard_out(&mut self) -> Result<(), Failure> {
        self.queue.extend(self.outward.finish());
        poll_fn(|_| {
            self.play();
            if self.queue.is_empty() || self.call.state() == "ended" { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        self.call.heard().await.map(drop)
    }

    /// Closes the session; what waits to be sent leaves first.
    pub(crate) async fn close(self) {
        self.socket.close(1_000, "").await;
    }

    /// What a message means. Whether it is over.
    fn heard(&mut self, heard: Heard) -> bool {
        match heard {
            Heard::Audio(bytes) => self.says(&bytes),
            Heard::Interrupted => self.interrupted(),
            Heard::Done => {
                self.queue.extend(self.outward.finish());
                self.playback.is_whole();
                return self.leaving.is_some();
            }
            Heard::Asks(asked) => {
                info!("the model asks for {}", asked.name);
                let running = tools::begin(&asked, &self.call, self.ring_time_s, self.tool_url.as_deref());
                self.running.push((asked, running));
            }
            Heard::Withdraws(ids) => self.running.retain(|(asked, _)| !ids.contains(&asked.id)),
            Heard::Reply(message) => self.outbox.push_back(message),
            Heard::Trouble(what) => warn!("the model says: {what}"),
            Heard::Leaves => self.leaves = true,
            Heard::Ready => {}
        }
        false
    }

    fn says(&mut self, bytes: &[u8]) {
        let samples = self.outward.take(bytes);
        if self.queue.len() + samples.len() > ANSWER_S_MAX * self.call.sample_rate_hz() as usize {
            warn!("an answer is longer than {ANSWER_S_MAX} s: the rest is not said");
            return;
        }
        self.playback.came(samples.len() as u64, self.queue.len() as u64, &self.call.position());
        self.queue.extend(samples);
        if self.leaving.is_some() {
            self.leaving = Some(sleep(Duration::from_millis(GOODBYE_QUIET_MS)));
        }
    }

    /// The caller speaks: silence at once, and the model is told what can have been heard.
    fn interrupted(&mut self) {
        if !self.playback.sounds(&self.call.position()) {
            return;
        }
        let ledger = self.call.clear();
        self.queue.clear();
        self.outward.finish();
        if let Some(heard) = self.playback.cleared(&ledger) {
            let heard_ms = heard * 1_000 / u64::from(self.call.sample_rate_hz());
            info!("interrupted: {heard_ms} ms of the answer were heard");
            let messages = self.dialect.cut(heard_ms);
            self.outbox.extend(messages);
        }
    }

    fn poll_news(&mut self, cx: &mut Context<'_>) -> Poll<News> {
        while let Poll::Ready(Some(event)) = self.events.poll_next() {
            if matches!(event, Event::Warning(failure) if failure.is(code::VOICE_LOST)) {
                self.playback.broke(&self.call.position());
            }
        }
        while let Poll::Ready(frame) = self.frames.poll_next() {
            let Some(frame) = frame else { return Poll::Ready(News::Ended) };
            if frame.channel == 0 {
                let bytes = self.inward.take(&frame.pcm);
                let message = self.dialect.audio(bytes);
                // What a socket that is behind does not take is late already.
                if self.outbox.is_empty() {
                    drop(self.socket.try_send(&message));
                }
            }
        }
        self.send();
        self.play();
        for at in 0..self.running.len() {
            if let Poll::Ready(result) = self.running[at].1.as_mut().poll(cx) {
                let (asked, _) = self.running.swap_remove(at);
                return Poll::Ready(News::Result(asked, result));
            }
        }
        if let Poll::Ready(message) = self.socket.poll_next() {
            return Poll::Ready(message.map_or(News::Closed, News::Message));
        }
        match self.leaving.as_mut().map(|quiet| Pin::new(quiet).poll(cx)) {
            Some(Poll::Ready(())) => Poll::Ready(News::Quiet),
            _ => Poll::Pending,
        }
    }

    /// Sends what waits.
    fn send(&mut self) {
        while let Some(message) = self.outbox.front() {
            match self.socket.try_send(message) {
                Err(failure) if failure.is(code::FULL) && self.outbox.len() <= OUTBOX_MAX => return,
                Err(failure) => {
                    warn!("the model is told nothing more: {}", failure.message);
                    return self.outbox.clear();
                }
                Ok(()) => drop(self.outbox.pop_front()),
            }
        }
    }

    /// Gives the host what it has room for.
    fn play(&mut self) {
        let ahead = AHEAD_MS * u64::from(self.call.sample_rate_hz()) / 1_000;
        let room = ahead.saturating_sub(self.call.position().queued) as usize;
        if self.queue.is_empty() {
            return;
        }
        let piece: Vec<i16> = self.queue.iter().take(room).copied().collect();
        if !piece.is_empty() && self.call.play(&piece).is_ok() {
            self.queue.drain(..piece.len());
        }
        if !self.queue.is_empty() {
            playout::notify_below(ahead / 2);
        }
    }

    fn lost(&self) -> Failure {
        match self.socket.closed() {
            Some(closed) => Failure::new(MODEL_LOST, format!("the model is gone: {}", closed.reason)),
            None => Failure::new(code::ENDED, "the call is over"),
        }
    }
}
