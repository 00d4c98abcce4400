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
use sandbox::{GuestEnd, PreparedChat, SharedChat};
use tokio::sync::mpsc;
use tokio::time::Sleep;

use crate::chat_board::PostedChat;
use crate::clock::{now, since};
use crate::fault::{Care, Reason, Relief};
use crate::limits::{CHAT_CLOSED_MS_MAX, CHAT_LEAVE_MS_MAX, MESSAGE_RETRY_MS};
use crate::outbound::Progress;
use crate::record::{ChatRecord, Observer};
use crate::seat::{Ran, Seat};
use crate::share::paced;

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
    /// Its place and its version, and what is done when that fails, for as long as the task lives.
    pub(crate) care: Care,
    /// Told of the steps of a chat that was begun.
    pub(crate) progress: Option<Progress>,
    pub(crate) session_id: String,
    pub(crate) chat: SharedChat,
    /// Rung when the chat was touched by another task.
    pub(crate) bell: mpsc::Receiver<()>,
    pub(crate) out: mpsc::Sender<FromChat>,
    pub(crate) rest: RestClient,
    pub(crate) observer: std::sync::Arc<dyn Observer>,
    /// It is listed and counted for as long as the task lives.
    pub(crate) posted: PostedChat,
}

impl ChatTask {
    /// Serves the chat. Whatever happens in it ends here.
    pub(crate) async fn run(mut self) -> ChatRecord {
        let claimed = now();
        let mut seat = Seat::new(self.care.share(), Duration::ZERO);
        let (prepared, trouble) = self.prepare(&mut seat).await;
        if let Some(prepared) = prepared {
            seat.take(prepared.serve(self.chat.clone()));
        }
        let ready = FromChat::Ready { session_id: self.session_id.clone() };
        // Without its connector's task the host stops, and this task is aborted next.
        let _ = self.out.send(ready).await;
        tracing::info!("the chat begins");
        let turns = Turns {
            seat,
            posted: &self.posted,
            care: Some(self.care),
            fault: None,
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
        };
        let Done { guest, cpu, care } = turns.await;
        let place = care.as_ref().map(Care::place);
        let record = {
            let chat = self.chat.lock();
            ChatRecord {
                session_id: self.session_id,
                tenant: chat.info().tenant.clone(),
                connector: self.connector,
                plugin: place.map_or_else(String::new, |place| place.name().to_string()),
                version: place.map_or_else(String::new, |place| place.plugin().version().to_string()),
                end: chat.end().unwrap_or(ChatEnd::HostStopped),
                guest,
                trouble,
                faults: care.as_ref().map_or_else(Vec::new, |care| care.faults().to_vec()),
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

impl ChatTask {
    /// Makes a guest, or another when the fault policy says so; or why there is none.
    async fn prepare(&mut self, seat: &mut Seat<SharedChat>) -> (Option<PreparedChat>, Option<String>) {
        loop {
            let (prepared, took) = paced(seat.share(), self.care.prepare_chat()).await;
            seat.add_cpu(took);
            let (reason, error) = match prepared {
                Some(Ok(prepared)) => return (Some(prepared), None),
                Some(Err(error)) => (Reason::from(&error), error.to_string()),
                None => {
                    let end = GuestEnd::OverShare(took);
                    (Reason::from(&end), end.to_string())
                }
            };
            let relief = self.care.failed(&self.session_id, reason, None);
            let closes = relief == Relief::Close;
            let then = if closes { "the chat will be closed" } else { "another is made" };
            tracing::warn!(error, "the handler did not start: {then}");
            if closes {
                return (None, Some(error));
            }
            seat.share().succeed();
        }
    }
}

/// What there is to say of a chat's handlers.
struct Done {
    guest: Option<GuestEnd>,
    cpu: Duration,
    care: Option<Care>,
}

type Closing = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>>;

/// The chat's one future: in each turn the guest runs, then what it wants leaves.
struct Turns<'a> {
    seat: Seat<SharedChat>,
    posted: &'a PostedChat,
    /// Given back when nothing is left to do.
    care: Option<Care>,
    /// The guest failed, and nothing was done about it yet.
    fault: Option<Reason>,
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
}

impl Turns<'_> {
    /// One turn: until when the guest is parked, if it is; `None` when both are over.
    fn turn(&mut self, cx: &mut Context<'_>, now: Instant) -> Option<Option<Instant>> {
        while let Poll::Ready(Some(())) = self.bell.poll_recv(cx) {}
        self.chat.lock().handle_timeout(now);
        self.chat.wake_guest(cx);
        self.seat.bill(now, self.chat.take_network_time());
        let parked = self.run_guest(cx, now);
        self.relieve();
        if self.is_over(now) {
            return None;
        }
        self.send();
        self.close(cx, now);
        self.chat.wake_guest(cx);
        let due = self.seat.guest().is_some() && parked.is_none() && self.chat.guest_is_due() || self.seat.is_fresh();
        if due || self.chat.lock().end().is_some() && parked.is_none() {
            cx.waker().wake_by_ref();
        }
        Some(parked)
    }

    fn run_guest(&mut self, cx: &mut Context<'_>, now: Instant) -> Option<Instant> {
        match self.seat.run(cx, now, &self.chat) {
            Ran::On => {}
            Ran::Parked(until) => return Some(until),
            Ran::Ended(end) => {
                if end.is_fault() {
                    tracing::warn!(code = end.code(), "{end}");
                    self.fault = Some(Reason::from(&end));
                } else if let Some(care) = &self.care {
                    care.went_well();
                }
                self.end = Some(end);
            }
            Ran::Failed(error) => {
                tracing::warn!(%error, "another handler did not start");
                self.fault = Some(Reason::from(&error));
            }
        }
        None
    }

    /// A guest that failed is followed by another, if the fault policy says so and the chat goes on.
    fn relieve(&mut self) {
        let Some(reason) = self.fault.take() else { return };
        let goes_on = {
            let chat = self.chat.lock();
            chat.end().is_none() && chat.closing().is_none()
        };
        let Some(care) = self.care.as_mut().filter(|_| goes_on) else { return };
        if care.failed(&self.session_id, reason, None) != Relief::Close {
            self.chat.lock().handle_handler_lost();
            self.posted.serve_by(care.place().plugin().version());
            self.seat.start(care.prepare_chat());
        }
    }

    /// Whether both are over. A guest that is gone first has its chat closed; one that stays has a grace period.
    fn is_over(&mut self, now: Instant) -> bool {
        if self.chat.lock().end().is_none() {
            if self.seat.is_empty() {
                let fault = self.end.as_ref().is_none_or(GuestEnd::is_fault);
                self.chat.lock().close_for(if fault { ChatEnd::HandlerFailed } else { ChatEnd::Closed });
            }
            return false;
        }
        let Some(guest) = self.seat.guest() else { return true };
        let until = *self.grace_until.get_or_insert_with(|| now + guest.grace());
        if now >= until {
            tracing::warn!("the handler did not return after the end of its chat: dropped");
            self.seat.clear();
        }
        self.seat.is_empty()
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
    fn due(&self, parked: Option<Instant>) -> Option<Instant> {
        let guest = self.seat.guest().and_then(|guest| guest.due_in_chat(&self.chat));
        // A guest that is parked is not given what its waiting ends with before its time.
        let own = if parked.is_some() { self.chat.lock().poll_timeout() } else { self.chat.poll_timeout() };
        let waits = [guest, own, parked, self.closed_by, self.leave_by, self.grace_until];
        waits.into_iter().flatten().min()
    }
}

impl Future for Turns<'_> {
    type Output = Done;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let Some(parked) = this.turn(cx, now()) else {
            return Poll::Ready(Done { guest: this.end.take(), cpu: this.seat.cpu(), care: this.care.take() });
        };
        if let Some(due) = this.due(parked) {
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
