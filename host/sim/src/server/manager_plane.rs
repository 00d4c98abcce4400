//! One session-manager link: reads its frames into the hub, sends what the hub has for it, and suffers
//! its faults. One task a link.

use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use telcoflow::frame::AudioMode;
use telcoflow::frame::manager::{ToClient, ToServer};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

use super::hub::LinkFrame;
use super::{Inner, outbound};
use crate::alarm::Alarm;
use crate::faults::LinkFaults;
use crate::ids::{self, Purpose};
use crate::limits::DELAYED_FRAMES_MAX;
use crate::schedule::{Delayed, FaultClock, earliest};
use crate::transcript::{Direction, Frame, Plane};
use crate::wire::{Pushed, Socket, Turn, Wire};

/// Why a link's task ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The peer left or the socket broke.
    Gone,
    /// A fault or a full queue: no close frame.
    Cut,
    /// The simulator is shut down: with a close frame.
    Stop,
}

struct LinkTask {
    inner: Arc<Inner>,
    link: u32,
    wire: Wire,
    alarm: Alarm,
    queue: mpsc::Receiver<LinkFrame>,
    faults: LinkFaults,
    clock: FaultClock,
    rng: Rng,
    late: Delayed<LinkFrame>,
    asked: Option<(u32, AudioMode)>,
    setup_done_at: Option<Instant>,
    up: bool,
    said_close: bool,
}

/// Serves a link until it is gone.
pub(crate) async fn serve(inner: Arc<Inner>, link: u32, socket: Socket, faults: LinkFaults) {
    let queue = inner.hub.lock().open_link(link);
    inner.link_frame(link, Direction::ToServer, Frame::Opened);
    let rng = ids::stream(inner.config.seed, Purpose::LinkFaults, link.into());
    let mut task = LinkTask {
        inner: Arc::clone(&inner),
        link,
        wire: Wire::new(socket),
        alarm: Alarm::default(),
        queue,
        faults,
        clock: FaultClock::default(),
        rng,
        late: Delayed::default(),
        asked: None,
        setup_done_at: None,
        up: false,
        said_close: false,
    };
    let end = task.run().await;
    inner.close_link(link);
    match end {
        End::Stop => {
            inner.link_frame(link, Direction::ToClient, Frame::Closed(None));
            task.wire.close().await;
        }
        End::Cut => inner.link_frame(link, Direction::ToClient, Frame::Lost),
        End::Gone if task.said_close => {}
        End::Gone => inner.link_frame(link, Direction::ToServer, Frame::Lost),
    }
}

impl LinkTask {
    async fn run(&mut self) -> End {
        let mut stop = self.inner.stop.subscribe();
        loop {
            let now = Instant::now();
            if let Some(end) = self.advance(now) {
                return end;
            }
            let (deadline, stalled) = (self.deadline(now), self.clock.is_stalled(now));
            let Self { wire, queue, alarm, .. } = self;
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => return End::Stop,
                () = alarm.at(deadline) => {}
                frame = queue.recv() => match frame {
                    Some(frame) => self.receive_from_hub(frame),
                    None => return End::Cut,
                },
                turn = std::future::poll_fn(|cx| wire.poll_turn(cx)), if !stalled => match turn {
                    Turn::Message(message) => self.receive(message),
                    Turn::Gone => return End::Gone,
                },
            }
        }
    }

    fn deadline(&self, now: Instant) -> Option<Instant> {
        earliest([self.setup_done_at, self.late.deadline(), self.clock.deadline(now)])
    }

    /// What the clock brings.
    fn advance(&mut self, now: Instant) -> Option<End> {
        if self.setup_done_at.take_if(|due| *due <= now).is_some()
            && let Some((sample_rate_hz, audio_mode)) = self.asked
        {
            self.up = true;
            self.inner.link_up(self.link, sample_rate_hz, audio_mode);
        }
        while let Some(frame) = self.late.take(now) {
            self.send(frame)?;
        }
        while let Some(garbage) = self.clock.take_garbage(now) {
            let message = garbage.message(Plane::SessionManager);
            match &message {
                Message::Text(text) => self.inner.link_text(self.link, Direction::ToClient, text),
                _ => self.inner.link_frame(self.link, Direction::ToClient, Frame::Binary(message.len())),
            }
            if self.wire.push(message) == Pushed::Full {
                return Some(End::Cut);
            }
        }
        self.clock.take_cut(now).then_some(End::Cut)
    }

    fn receive(&mut self, message: Message) {
        let bytes = match &message {
            Message::Text(text) => text.as_bytes(),
            Message::Binary(bytes) => bytes,
            Message::Ping(_) => {
                return self.inner.link_frame(self.link, Direction::ToServer, Frame::Ping);
            }
            Message::Pong(_) => {
                return self.inner.link_frame(self.link, Direction::ToServer, Frame::Pong);
            }
            Message::Close(close) => {
                self.said_close = true;
                let code = close.as_ref().map(|close| close.code.into());
                return self.inner.link_frame(self.link, Direction::ToServer, Frame::Closed(code));
            }
            Message::Frame(_) => return,
        };
        let text = String::from_utf8_lossy(bytes);
        let frame = match ToServer::parse(bytes) {
            Ok(frame) => frame,
            Err(error) => {
                tracing::debug!(link = self.link, %error, "a frame could not be read");
                self.inner.link_text(self.link, Direction::ToServer, &text);
                self.inner.hub.lock().counts.bad_frames += 1;
                return;
            }
        };
        let mut hub = self.inner.hub.lock();
        match session_of(&frame).and_then(|session_id| hub.book_of(session_id)) {
            Some(book) => book.manager_text(self.link, Direction::ToServer, &text),
            None => self.inner.link_text(self.link, Direction::ToServer, &text),
        }
        match frame {
            ToServer::Setup { sample_rate_hz, audio_mode } if self.asked.is_none() => {
                drop(hub);
                self.set_up(sample_rate_hz, audio_mode);
            }
            ToServer::SessionCreate { req_id, channel, remote_address } if self.up && channel == "TELCO" => {
                drop(hub);
                outbound::create(&self.inner, self.link, req_id, &remote_address);
            }
            ToServer::SessionCreate { req_id, channel, remote_address } if self.up && channel == "WA" => {
                drop(hub);
                outbound::create_chat(&self.inner, self.link, req_id, &remote_address);
            }
            frame if self.up => hub.handle(self.link, frame),
            _ => hub.counts.early_frames += 1,
        }
    }

    fn set_up(&mut self, sample_rate_hz: u32, audio_mode: AudioMode) {
        let now = Instant::now();
        let faults = &self.faults;
        self.clock = FaultClock::new(now, faults.cut_at_ms, faults.stall, &faults.garbage);
        self.asked = Some((sample_rate_hz, audio_mode));
        if !faults.drop_setup_done {
            self.setup_done_at = Some(now + Duration::from_millis(faults.setup_done_after_ms.into()));
        }
    }

    fn receive_from_hub(&mut self, frame: LinkFrame) {
        let percent = self.faults.lost_responses_percent;
        if percent > 0 && matches!(frame.frame, ToClient::Response(_)) && self.rng.u32(0..100) < percent {
            return;
        }
        if let (Some((from, to)), ToClient::Response(_)) = (self.faults.response_ms, &frame.frame)
            && self.late.len() < DELAYED_FRAMES_MAX
        {
            let late = self.rng.u32(from..=to.max(from));
            self.late.hold(Instant::now() + Duration::from_millis(late.into()), frame);
            return;
        }
        let again = match &frame.frame {
            ToClient::SessionNotify(_) => self.faults.duplicate_notify,
            ToClient::Response(_) => self.faults.duplicate_responses,
            _ => false,
        };
        if again {
            let copy = LinkFrame { frame: frame.frame.clone(), book: frame.book.clone() };
            self.late.hold(Instant::now(), copy);
        }
        self.late.hold(Instant::now(), frame);
    }

    /// `None` cuts the link.
    fn send(&mut self, LinkFrame { frame, book }: LinkFrame) -> Option<()> {
        let text = frame.print();
        match book {
            Some(book) => book.manager_text(self.link, Direction::ToClient, &text),
            None => self.inner.link_text(self.link, Direction::ToClient, &text),
        }
        let message = if self.faults.json_in_binary { Message::binary(text.into_bytes()) } else { Message::text(text) };
        (self.wire.push(message) != Pushed::Full).then_some(())
    }
}

fn session_of(frame: &ToServer) -> Option<&str> {
    match frame {
        ToServer::SessionOpen { session_id, .. } | ToServer::SessionReady { session_id } => Some(session_id),
        ToServer::WaMsgOut { data, .. } => Some(&data.session_id),
        ToServer::Setup { .. }
        | ToServer::SessionCreate { .. }
        | ToServer::CallFlowSetup { .. }
        | ToServer::Unknown { .. } => None,
    }
}
