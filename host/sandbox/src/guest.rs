//! One running guest: polled by its call's task, billed while it runs, and ended for a reason that has a name.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use call::{Failure, Network, Reach, Stored};
use wasmtime::Trap;

use crate::limits::{
    GRACE_MS_DEFAULT, MEMORY_BYTES_DEFAULT, RUN_MS_DEFAULT, SILENT_MS_DEFAULT, START_MS_DEFAULT, YOUNG_POLL_US,
};
use crate::network::{Connections, Meter};
use crate::prefetch::Piece;
use crate::shared::{CallGuard, SharedCall};
use crate::shared_chat::SharedChat;
use crate::ticker::{Attendance, Running};

/// What one guest may use. Each field's default stands in [`crate::limits`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestLimits {
    /// Linear memory in bytes, all memories together.
    pub memory_bytes_max: usize,
    /// Instantiation, wall time in milliseconds.
    pub start_ms_max: u64,
    /// Processor time in milliseconds without asking for an event.
    pub run_ms_max: u64,
    /// Any time in milliseconds without asking for an event.
    pub silent_ms_max: u64,
    /// What is left after the end of the call, in milliseconds.
    pub grace_ms_max: u64,
    /// Percent of a core; `None`: as much as there is. Kept by whoever polls the guest.
    pub cpu_percent_max: Option<u32>,
}

impl Default for GuestLimits {
    fn default() -> Self {
        Self {
            memory_bytes_max: MEMORY_BYTES_DEFAULT,
            start_ms_max: START_MS_DEFAULT,
            run_ms_max: RUN_MS_DEFAULT,
            silent_ms_max: SILENT_MS_DEFAULT,
            grace_ms_max: GRACE_MS_DEFAULT,
            cpu_percent_max: None,
        }
    }
}

/// How a guest ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GuestEnd {
    /// `handle` returned `ok`.
    Returned,
    /// `handle` returned a failure.
    Failed(Failure),
    /// `handle` returned `ok` without ever asking for an event. It catches the async function that nobody drives.
    HandlerReturned,
    /// The guest trapped. The text is for people; it ends with what stood on standard error.
    Trapped(TrapKind, String),
    /// It used this much processor time without asking for an event.
    RanTooLong(Duration),
    /// It did not ask for an event for this long.
    Silent(Duration),
    /// It wanted more than its share of the processor for this long, without a rest.
    OverShare(Duration),
    /// The host's own code failed while it ran for this guest. The call ends, the host goes on.
    HostPanicked(String),
}

/// What kind of trap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrapKind {
    /// `unreachable`: a panic, an abort, a failed assertion.
    Unreachable,
    /// The stack is exhausted.
    Stack,
    /// The memory or table limit is reached.
    Memory,
    /// Every other trap: out of bounds, division by zero, a host call refused.
    Other,
}

impl GuestEnd {
    /// The reason for programs and logs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Returned => "RETURNED",
            Self::Failed(_) => "FAILED",
            Self::HandlerReturned => "HANDLER_RETURNED",
            Self::Trapped(TrapKind::Stack, _) => "STACK_LIMIT",
            Self::Trapped(TrapKind::Memory, _) => "MEMORY_LIMIT",
            Self::Trapped(TrapKind::Unreachable | TrapKind::Other, _) => "TRAPPED",
            Self::RanTooLong(_) => "RUN_LIMIT",
            Self::Silent(_) => "SILENT",
            Self::OverShare(_) => "CPU_LIMIT",
            Self::HostPanicked(_) => "HOST_PANICKED",
        }
    }

    /// Whether the handler failed its call.
    pub fn is_fault(&self) -> bool {
        !matches!(self, Self::Returned)
    }

    /// From what the engine says, and what the guest's own state knows better.
    pub(crate) fn from_error(error: &wasmtime::Error, memory_refused: Option<&str>, err_tail: &str) -> Self {
        let (kind, text) = match (memory_refused, error.downcast_ref::<Trap>()) {
            (Some(refused), _) => (TrapKind::Memory, refused.to_string()),
            (None, Some(Trap::StackOverflow)) => (TrapKind::Stack, Trap::StackOverflow.to_string()),
            (None, Some(trap @ Trap::UnreachableCodeReached)) => (TrapKind::Unreachable, trap.to_string()),
            (None, Some(trap)) => (TrapKind::Other, trap.to_string()),
            (None, None) => (TrapKind::Other, error.root_cause().to_string()),
        };
        let said = if err_tail.is_empty() { String::new() } else { format!("; it said: {err_tail}") };
        Self::Trapped(kind, text + &said)
    }
}

impl fmt::Display for GuestEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Returned => f.write_str("the handler returned"),
            Self::Failed(failure) => write!(f, "the handler failed: {} {}", failure.code, failure.message),
            Self::HandlerReturned => f.write_str("the handler returned without asking for an event"),
            Self::Trapped(_, text) => write!(f, "the handler trapped: {text}"),
            Self::RanTooLong(time) => {
                write!(f, "the handler ran for {} ms without asking for an event", time.as_millis())
            }
            Self::Silent(time) => write!(f, "the handler did not ask for an event for {} ms", time.as_millis()),
            Self::OverShare(time) => {
                write!(f, "the handler wanted more than its share of the processor for {} ms", time.as_millis())
            }
            Self::HostPanicked(text) => write!(f, "the host failed while the handler ran: {text}"),
        }
    }
}

/// What a guest serves.
#[derive(Clone)]
pub(crate) enum Served {
    Call(SharedCall),
    Chat(SharedChat),
}

impl Served {
    /// Waits for the host's disk, which does not count as the guest's silence. Whoever answers does so within a bounded time.
    pub(crate) async fn paused<T>(&self, answer: Stored<T>) -> Result<T, Failure> {
        match self {
            Self::Call(call) => call.paused(answer).await,
            Self::Chat(chat) => chat.paused(answer).await,
        }
    }

    /// Whether nothing may be begun any more.
    pub(crate) fn is_over(&self) -> bool {
        match self {
            Self::Call(call) => call.lock().state() == call::State::Ended,
            Self::Chat(chat) => chat.lock().end().is_some(),
        }
    }

    /// One step on the guest's connections.
    pub(crate) fn reach<T>(&self, network: &dyn Network, ask: impl FnOnce(&mut dyn Reach) -> T) -> T {
        self.connections(|connections| connections.ask(|| network.begin(), ask))
    }

    /// Counts what is done for the guest's connections elsewhere than in its turns.
    pub(crate) fn meter(&self) -> Meter {
        self.connections(Connections::meter)
    }

    fn connections<T>(&self, look: impl FnOnce(&mut Connections) -> T) -> T {
        match self {
            Self::Call(call) => look(&mut call.desk().connections),
            Self::Chat(chat) => look(&mut chat.connections()),
        }
    }

    /// How often the guest was given an event, or waited for one; since when it does not wait for one; what time it is.
    fn progress(&self) -> (u64, Option<Instant>, Instant) {
        match self {
            Self::Call(call) => {
                let call = call.lock();
                (call.progress(), call.silent_since(), call.now())
            }
            Self::Chat(chat) => chat.progress(),
        }
    }
}

/// A guest that serves a call or a chat. Dropping it is safe at any moment and frees all it had.
pub struct Guest {
    run: Pin<Box<dyn Future<Output = GuestEnd> + Send>>,
    served: Served,
    limits: GuestLimits,
    cpu: Duration,
    /// Processor time since it last made progress, and how often it had by then.
    run_time: Duration,
    progress: u64,
    /// Its last poll was cut off in the middle of its work, after an epoch at least.
    long: bool,
    attendance: Attendance,
}

impl Guest {
    pub(crate) fn new(
        run: Pin<Box<dyn Future<Output = GuestEnd> + Send>>,
        served: Served,
        limits: GuestLimits,
        attendance: Attendance,
    ) -> Self {
        Self {
            run,
            served,
            limits,
            cpu: Duration::ZERO,
            run_time: Duration::ZERO,
            progress: 0,
            long: false,
            attendance,
        }
    }

    /// Lets the guest run until it waits, yields or ends. After it ended it must not be polled again. While it
    /// [rests](crate::CallGuard::guest_rests) there is no need to.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<GuestEnd> {
        if self.long {
            self.attendance.urge();
        }
        let began = Instant::now();
        let running = Running::enter_at(began);
        let polled = catch_unwind(AssertUnwindSafe(|| self.run.as_mut().poll(cx)));
        drop(running);
        let time = began.elapsed();
        self.cpu += time;
        match polled {
            Ok(Poll::Ready(end)) => Poll::Ready(end),
            Ok(Poll::Pending) => self.overrun(time).map_or(Poll::Pending, Poll::Ready),
            Err(panic) => Poll::Ready(GuestEnd::HostPanicked(panic_text(panic.as_ref()))),
        }
    }

    /// Where it lies, but for what the engine has of it.
    pub fn piece(&self) -> Piece {
        Piece::of(&*self.run)
    }

    /// Processor time so far.
    pub fn cpu(&self) -> Duration {
        self.cpu
    }

    /// When the guest has been silent for too long, unless it asks for an event before. `call` is its own.
    pub fn due(&self, call: &CallGuard<'_>) -> Option<Instant> {
        Some(call.silent_since()? + Duration::from_millis(self.limits.silent_ms_max))
    }

    /// The same for a guest that serves this chat.
    pub fn due_in_chat(&self, chat: &SharedChat) -> Option<Instant> {
        let (_, silent_since, _) = chat.progress();
        Some(silent_since? + Duration::from_millis(self.limits.silent_ms_max))
    }

    /// What is left for the guest after the end of its call.
    pub fn grace(&self) -> Duration {
        Duration::from_millis(self.limits.grace_ms_max)
    }

    /// Counts the time of one poll, and looks whether it was the last that the guest is allowed.
    fn overrun(&mut self, time: Duration) -> Option<GuestEnd> {
        let (progress, silent_since, now) = self.served.progress();
        self.run_time = if progress == self.progress { self.run_time + time } else { time };
        self.progress = progress;
        self.long = silent_since.is_some() && time >= Duration::from_micros(YOUNG_POLL_US);
        let since = silent_since?;
        if self.run_time >= Duration::from_millis(self.limits.run_ms_max) {
            return Some(GuestEnd::RanTooLong(self.run_time));
        }
        let silent = now.saturating_duration_since(since);
        (silent >= Duration::from_millis(self.limits.silent_ms_max)).then_some(GuestEnd::Silent(silent))
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic without text").to_string()
}
