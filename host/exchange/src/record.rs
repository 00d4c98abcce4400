//! What is known of a call when it is over.

use std::time::{Duration, Instant};

use call::{ChatEnd, ChatStats, EndReason, Happening, Stats};
use sandbox::GuestEnd;

/// Is told of calls and links as they come and go. Called from their tasks: it must not block.
pub trait Observer: Send + Sync {
    /// A session was claimed: its call is here.
    fn call_claimed(&self, call: &crate::CallView) {
        let _ = call;
    }

    /// A call that was claimed waits for another host to take it.
    fn call_held(&self, call: &crate::CallView) {
        let _ = call;
    }

    /// A call was taken from another host, if its voice can be opened.
    fn call_taken(&self, call: &crate::CallView) {
        let _ = call;
    }

    /// Somebody rang, and the call was left to others.
    fn call_left(&self, left: &LeftCall<'_>) {
        let _ = left;
    }

    /// A session manager's link changed.
    fn link_changed(&self, tenant: &str, connector: &str, change: LinkChange) {
        let _ = (tenant, connector, change);
    }

    /// A call's voice socket is open and its handler begins.
    fn call_started(&self, call: &crate::CallView) {
        let _ = call;
    }

    /// A version of a plugin has its first call or chat.
    fn version_served(&self, tenant: &str, plugin: &str, version: &crate::PluginVersion) {
        let _ = (tenant, plugin, version);
    }

    /// A handler of a call or a chat failed, or what was done about that was not enough; and this is done next.
    fn handler_failed(&self, fault: &HandlerFault<'_>) {
        let _ = fault;
    }

    /// A version fails its calls over and over.
    fn version_withdrawn(&self, withdrawn: &Withdrawn<'_>) {
        let _ = withdrawn;
    }

    /// A claimed call is over, however far it came.
    fn call_ended(&self, call: &CallRecord) {
        let _ = call;
    }

    /// A claimed chat is over.
    fn chat_ended(&self, chat: &ChatRecord) {
        let _ = chat;
    }
}

impl Observer for () {}

/// A handler that failed, and what is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandlerFault<'a> {
    /// Whose it was.
    pub tenant: &'a str,
    /// Which plugin.
    pub plugin: &'a str,
    /// Which version of that.
    pub version: &'a str,
    /// The carrier's id of the call; the session's of a chat, or until the carrier has told it.
    pub id: &'a str,
    /// Why: a code of [`GuestEnd`] or of [`sandbox::StartError`], or `DRAINED`.
    pub code: &'static str,
    /// The step: `retry`, `previous`, `prompt`, `connect`, `disconnect`, `close`.
    pub then: &'static str,
}

/// A version that failed over and over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Withdrawn<'a> {
    /// Whose it is.
    pub tenant: &'a str,
    /// Which plugin.
    pub plugin: &'a str,
    /// Which version of that.
    pub version: &'a str,
    /// What new calls get instead. `None`: there is nothing, and they still get this one.
    pub back: Option<&'a str>,
}

/// One fault of a call's or a chat's handlers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// How long after the claim.
    pub at: Duration,
    /// Of which version.
    pub version: String,
    /// Why, as in [`HandlerFault`].
    pub code: &'static str,
    /// What was done, as there.
    pub then: &'static str,
}

/// A call that was not claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeftCall<'a> {
    /// Whom it was for.
    pub tenant: &'a str,
    /// By which connector it was announced.
    pub connector: &'a str,
    /// Which plugin would have handled it, if there was a route to one.
    pub plugin: Option<&'a str>,
    /// Why.
    pub why: LeftBecause,
}

/// Why a ringing call was left to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LeftBecause {
    /// The host takes no more calls.
    Draining,
    /// No route fits.
    NoRoute,
    /// The route's plugin has no version that can be used.
    NoPlugin,
    /// The plugin has all the calls that it may have.
    NoPlace,
    /// The tenant has all the calls of its quota.
    QuotaCalls,
    /// The tenant has had all the calls of this second.
    QuotaSetups,
    /// The tenant has no memory for another guest.
    QuotaMemory,
    /// The link has too much under way, or is gone.
    NoClaim,
}

impl LeftBecause {
    /// For people and programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draining => "draining",
            Self::NoRoute => "no-route",
            Self::NoPlugin => "no-plugin",
            Self::NoPlace => "no-place",
            Self::QuotaCalls => "quota-calls",
            Self::QuotaSetups => "quota-setups",
            Self::QuotaMemory => "quota-memory",
            Self::NoClaim => "no-claim",
        }
    }
}

/// How a session manager's link changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkChange {
    /// It is set up.
    Up,
    /// It was lost, and is dialled again.
    Down,
    /// A dial was refused or led nowhere, and is repeated.
    Refused,
}

impl LinkChange {
    /// For people and programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Refused => "refused",
        }
    }
}

/// How long the parts of a call's set-up took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Setup {
    /// From `session.notify` to the answered claim.
    pub claim: Duration,
    /// Instantiating the guest.
    pub guest: Duration,
    /// From `session.ready` to `call.in`.
    pub call_in: Duration,
    /// Opening the voice socket.
    pub voice: Duration,
    /// From the open voice socket to the confirmed answer; `None` when the call was never answered.
    pub answer: Option<Duration>,
}

impl Setup {
    /// From `session.notify` to the confirmed answer, if there was one.
    pub fn total(&self) -> Option<Duration> {
        self.answer.map(|answer| self.claim + self.guest + self.call_in + self.voice + answer)
    }
}

/// One finished call.
#[derive(Clone, Debug)]
pub struct CallRecord {
    /// The carrier's call id; the session id when it never came so far.
    pub id: String,
    /// The Telcoflow session.
    pub session_id: String,
    /// Whose it was.
    pub tenant: String,
    /// By which connector it came.
    pub connector: String,
    /// What handled it.
    pub plugin: String,
    /// Which version of that.
    pub version: String,
    /// Whether it was announced as one that lived before: an earlier guest served it and lost it.
    pub resumed: bool,
    /// Why it ended.
    pub end: EndReason,
    /// How its handler ended; `None` when none ever ran, or when it was dropped after its grace period.
    pub guest: Option<GuestEnd>,
    /// What went wrong before a handler could run.
    pub trouble: Option<String>,
    /// What else went wrong with its handlers, and what was done about it.
    pub faults: Vec<Fault>,
    /// How long its handlers were parked, since they or their tenant had used up their share of the processor.
    pub parked: Duration,
    /// Set-up times.
    pub setup: Setup,
    /// From the claim to the end.
    pub duration: Duration,
    /// Processor time of the handler.
    pub cpu: Duration,
    /// The call's counters; `None` when there was no voice.
    pub stats: Option<Stats>,
    /// When its voice was open and its handler began; `None` when it never came so far.
    pub began: Option<Instant>,
    /// What happened in it, and how long after `began`; bounded as [`call::Journal`] is.
    pub journal: Vec<(Duration, Happening)>,
    /// How many entries the journal had no place for.
    pub journal_left_out: u64,
}

/// One finished chat.
#[derive(Clone, Debug)]
pub struct ChatRecord {
    /// The Telcoflow session.
    pub session_id: String,
    /// Whose it was.
    pub tenant: String,
    /// By which connector it came.
    pub connector: String,
    /// What handled it.
    pub plugin: String,
    /// Which version of that.
    pub version: String,
    /// Why it ended.
    pub end: ChatEnd,
    /// How its handler ended; `None` when none ever ran, or when it was dropped after its grace period.
    pub guest: Option<GuestEnd>,
    /// What went wrong before a handler could run.
    pub trouble: Option<String>,
    /// What else went wrong with its handlers, and what was done about it.
    pub faults: Vec<Fault>,
    /// From the claim to the end.
    pub duration: Duration,
    /// Processor time of the handler.
    pub cpu: Duration,
    /// Its counters.
    pub stats: ChatStats,
}
