//! One chat from its claim to its record: guest, ready, then turns until both are over.
//!
//! The connector's task puts in what the link brings, under the chat's lock, and rings; this task lets the guest run, hands
//! out what must leave, and closes. It is the fault boundary: whatever a handler does, its chat alone pays.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use call::{ChatEnd, Failure, Outgoing, code};
use carriers::telcoflow::{RestClient, RestError};
use sandbox::{Guest, GuestEnd, GuestSetup, SharedChat};
use tokio::sync::mpsc;
use tokio::time::Sleep;

use crate::board::Attending;
use crate::clock::{now, since};
use crate::limits::{CHAT_CLOSED_MS_MAX, CHAT_LEAVE_MS_MAX, MESSAGE_RETRY_MS};
use crate::outbound::Progress;
use crate::record::{ChatRecord, Observer};
use crate::shelf::Place;

/// What a chat's task tells its connector's task.
#[derive(Debug)]
pub(crate) enum FromChat {
    /// The guest stands: messages may come.
    Ready { session_id: String },
    /// This is to be sent.
    Send { session_id: String, message: Outgoing },
}

/// All that a chat's task is given.
pub(crate) struct ChatTask {
    pub(crate) connector: String,
    /// Its place and its version, for as long as the task lives.
    pub(crate) place: Place,
    /// What its guest is started with.
    pub(crate) setup: GuestSetup,
    /// Told of the steps of a chat that was begun.
    pub(crate) progress: Option<Progress>,
    pub(crate) session_id: String,
    pub(crate) chat: SharedChat,
    /// Rung when the chat was touched by another task.
    pub(crate) bell: mpsc::Receiver<()>,
    pub(crate) out: mpsc::Sender<FromChat>,
    pub(crate) rest: RestClient,
    pub(crate) observer: std::sync::Arc<dyn Observer>,
    /// It is counted for as long as the task lives.
    pub(crate) _attending: Attending,
}

impl ChatTask {
    /// Serves the chat. Whatever happens in it ends here.
    pub(crate) async fn run(self) -> ChatRecord {
        let claimed = now();
        let prepared = self.place.plugin().prepare_chat(self.setup).await;
        let mut trouble = None;
        let prepared = prepared.map_err(|error| {
            tracing::warn!(%error, "the handler did not start: the chat will be closed");
            trouble = Some(error.to_string());
        });
        let ready = FromChat::Ready { session_id: self.session_id.clone() };
        // Without its connector's task the host stops, and this task is aborted next.
        let _ = self.out.send(ready).await;
        tracing::info!("the chat begins");
        let turns = Turns {
            guest: prepared.ok().map(|prepared| prepared.serve(self.chat.clone())),
            session_id: self.session_id.clone(),
            chat: self.chat.clone(),
            bell: self.bell,
            out: self.out,
            rest: self.rest,
            closing: None,
            closed_by: None,
            leave_by: None,
            grace_until: None,
            timer: Box::pin(tokio::time::sleep_until(tokio::time::Instant::now())),
            end: None,
            cpu: Duration::ZERO,
        };
        let (guest, cpu) = turns.await;
        let record = {
            let chat = self.chat.lock();
            ChatRecord {
                session_id: self.session_id,
                tenant: chat.info().tenant.clone(),
                connector: self.connector,
                plugin: self.place.name().to_string(),
                version: self.place.plugin().version().to_string(),
                end: chat.end().unwrap_or(ChatEnd::HostStopped),
                guest,
                trouble,
                duration: since(claimed),
                cpu,
                stats: chat.stats(),
            }
        };
        let (end, seconds) = (record.end.as_str(), record.duration.as_secs_f32());
        let handler = record.guest.as_ref().map_or("NONE", GuestEnd::code);
        let (messages_in, sends) = (record.stats.messages_in, record.stats.sends);
        tracing::info!(end, handler, seconds, messages_in, sends, "the chat is over");
        if let Some(progress) = &self.progress {
            progress.chat_over(&record);
        }
        self.observer.chat_ended(&record);
        record
    }
}

type Closing = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>>;

/// The chat's one future: in each turn the guest runs, then what it wants leaves.
struct Turns {
    guest: Option<Guest>,
    session_id: String,
    chat: SharedChat,
    bell: mpsc::Receiver<()>,
    out: mpsc::Sender<FromChat>,
    rest: RestClient,
    /// The request that closes the session.
    closing: Option<Closing>,
    /// The server said that it closed the session, and should confirm it by then.
    closed_by: Option<Instant>,
    /// The host leaves the chat then, whatever is under way.
    leave_by: Option<Instant>,
    grace_until: Option<Instant>,
    timer: Pin<Box<Sleep>>,
    end: Option<GuestEnd>,
    cpu: Duration,
}

impl Turns {
    fn turn(&mut self, cx: &mut Context<'_>, now: Instant) -> Poll<()> {
        while let Poll::Ready(Some(())) = self.bell.poll_recv(cx) {}
        self.chat.lock().handle_timeout(now);
        self.chat.wake_guest();
        self.run_guest(cx);
        if self.is_over(now) {
            return Poll::Ready(());
        }
        self.send();
        self.close(cx, now);
        self.chat.wake_guest();
        if self.guest.is_some() && self.chat.guest_is_due() || self.chat.lock().end().is_some() {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }

    fn run_guest(&mut self, cx: &mut Context<'_>) {
        let Some(guest) = &mut self.guest else { return };
        if let Poll::Ready(end) = guest.poll(cx) {
            self.drop_guest();
            if end.is_fault() {
                tracing::warn!(code = end.code(), "{end}");
            }
            self.end = Some(end);
        }
    }

    fn drop_guest(&mut self) {
        if let Some(guest) = self.guest.take() {
            self.cpu = guest.cpu();
        }
    }

    /// Whether both are over. A guest that is gone first has its chat closed; one that stays has a grace period.
    fn is_over(&mut self, now: Instant) -> bool {
        if self.chat.lock().end().is_none() {
            if self.guest.is_none() {
                let fault = self.end.as_ref().is_none_or(GuestEnd::is_fault);
                self.chat.lock().close_for(if fault { ChatEnd::HandlerFailed } else { ChatEnd::Closed });
            }
            return false;
        }
        let Some(guest) = &self.guest else { return true };
        let until = *self.grace_until.get_or_insert_with(|| now + guest.grace());
        if now >= until {
            tracing::warn!("the handler did not return after the end of its chat: dropped");
            self.drop_guest();
        }
        self.guest.is_none()
    }

    fn send(&mut self) {
        let Some(message) = self.chat.lock().poll_message() else { return };
        let id = message.id;
        let send = FromChat::Send { session_id: self.session_id.clone(), message };
        if self.out.try_send(send).is_err() {
            self.chat.lock().handle_unsent(id, ms(MESSAGE_RETRY_MS));
        }
    }

    fn close(&mut self, cx: &mut Context<'_>, now: Instant) {
        let leaving = self.chat.lock().closing() == Some(ChatEnd::Drained);
        if leaving && now >= *self.leave_by.get_or_insert(now + ms(CHAT_LEAVE_MS_MAX)) {
            self.chat.lock().handle_end(ChatEnd::Drained);
        }
        if self.chat.lock().poll_close() {
            if leaving {
                // The session stays open, for another host.
                self.chat.lock().handle_end(ChatEnd::Drained);
            } else {
                self.closing = Some(close(self.rest.clone(), self.session_id.clone()));
            }
        }
        if let Some(closing) = &mut self.closing
            && let Poll::Ready(result) = closing.as_mut().poll(cx)
        {
            self.closing = None;
            self.closed_by = result.is_ok().then(|| now + ms(CHAT_CLOSED_MS_MAX));
            self.chat.lock().handle_close(result);
        }
        if self.closed_by.take_if(|by| now >= *by).is_some() {
            tracing::debug!("the server did not confirm that the session is closed");
            let mut chat = self.chat.lock();
            let reason = chat.closing().unwrap_or(ChatEnd::Closed);
            chat.handle_end(reason);
        }
    }

    /// When the next turn is due though nothing arrives.
    fn due(&self) -> Option<Instant> {
        let guest = self.guest.as_ref().and_then(|guest| guest.due_in_chat(&self.chat));
        let waits = [guest, self.closed_by, self.leave_by, self.grace_until];
        waits.into_iter().flatten().chain(self.chat.poll_timeout()).min()
    }
}

impl Future for Turns {
    type Output = (Option<GuestEnd>, Duration);

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        if this.turn(cx, now()).is_ready() {
            return Poll::Ready((this.end.take(), this.cpu));
        }
        if let Some(due) = this.due() {
            this.timer.as_mut().reset(tokio::time::Instant::from_std(due));
            if this.timer.as_mut().poll(cx).is_ready() {
                cx.waker().wake_by_ref();
            }
        }
        Poll::Pending
    }
}

/// Closes the session over REST. A session that is gone is as good as closed.
fn close(rest: RestClient, session_id: String) -> Closing {
    Box::pin(async move {
        match rest.close(&session_id).await {
            Ok(_) => Ok(()),
            Err(error) => {
                tracing::warn!(%error, "the server did not close the chat");
                Err(failure(error))
            }
        }
    })
}

fn failure(error: RestError) -> Failure {
    let code = match &error {
        RestError::Refused { code, message, .. } => return Failure::new(code.clone(), message.clone()),
        RestError::Late => code::TIMEOUT,
        RestError::Unreachable(_) | RestError::Tls(_) => code::LINK_LOST,
        RestError::BadAnswer(_) | RestError::BadRequest(_) => code::INVALID,
    };
    Failure::new(code, error.to_string())
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}
