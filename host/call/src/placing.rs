//! Calls and chats that a handler places: how many, how fast, and what it is told of them.
//!
//! What is placed lives on its own, and not here: a handler's call or chat only keeps the books of it, so that a handler
//! which places without end, or never looks at what became of it, is refused instead of growing.

use std::fmt;
use std::time::{Duration, Instant};

use crate::Failure;
use crate::code;
use crate::failure::truncate;
use crate::limits::{FAILURE_MESSAGE_BYTES_MAX, PLACED_MAX, PLACES_BURST_MAX, PLACES_PER_S_MAX};

/// What is placed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Contact {
    /// A telephone call.
    #[default]
    Call,
    /// A chat.
    Chat,
}

/// What a handler is told of something that it placed (`types.wit`, `placed-step`). Each comes once at the most and in this
/// order; [`Placed::Ended`] or [`Placed::Failed`] is the last.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Placed {
    /// The carrier has a session for it: which.
    Claimed(String),
    /// Its handler has answered it: the carrier's id of the call.
    Answered(String),
    /// It was answered, or was a chat, and is over: why.
    Ended(&'static str),
    /// It never came so far: the carrier's code or the host's.
    Failed(Failure),
}

impl Placed {
    /// The name of the step in the handler contract.
    pub const fn step(&self) -> &'static str {
        match self {
            Self::Claimed(_) => "claimed",
            Self::Answered(_) => "answered",
            Self::Ended(_) => "ended",
            Self::Failed(_) => "failed",
        }
    }

    /// Whether nothing follows.
    pub const fn is_last(&self) -> bool {
        matches!(self, Self::Ended(_) | Self::Failed(_))
    }

    /// The same, cut to what a queue may hold.
    pub(crate) fn bounded(mut self) -> Self {
        match &mut self {
            Self::Claimed(detail) | Self::Answered(detail) => truncate(detail, FAILURE_MESSAGE_BYTES_MAX),
            Self::Ended(_) => {}
            Self::Failed(failure) => return Self::Failed(failure.clone().bounded()),
        }
        self
    }

    /// What belongs to the step.
    pub fn into_value(self) -> Result<String, Failure> {
        match self {
            Self::Claimed(detail) | Self::Answered(detail) => Ok(detail),
            Self::Ended(reason) => Ok(reason.to_string()),
            Self::Failed(failure) => Err(failure),
        }
    }
}

/// Places calls and begins chats for one handler. What becomes of one comes back through
/// [`Call::handle_placed`](crate::Call::handle_placed) or [`Chat::handle_placed`](crate::Chat::handle_placed), under the number
/// that it was given, and never from within [`CallPlacer::place`].
pub trait CallPlacer: Send + Sync + fmt::Debug {
    /// Takes the order or refuses it, at once. `plugin` is one of the handler's own tenant.
    ///
    /// # Errors
    /// `INVALID` for an address that cannot be called or a plugin that does not exist or does not handle such; `LINK_LOST`
    /// while no carrier is reachable; `NOT_NOW` while the host drains; `FULL` at a limit. Nothing was placed then.
    fn place(&self, request: u32, contact: Contact, to: &str, plugin: &str) -> Result<(), Failure>;
}

/// The books of one handler.
#[derive(Debug, Default)]
pub(crate) struct Placing(Option<Box<Books>>);

#[derive(Debug)]
struct Books {
    last_id: u32,
    /// Those whose last step was not taken.
    under_way: usize,
    /// Those whose last step is still to come.
    running: Vec<u32>,
    /// When the next one may be placed, if nothing is saved up.
    next_at: Instant,
}

const PAUSE: Duration = Duration::from_millis(1_000 / PLACES_PER_S_MAX as u64);

impl Placing {
    pub(crate) fn place(
        &mut self,
        now: Instant,
        placer: &dyn CallPlacer,
        contact: Contact,
        to: &str,
        plugin: &str,
    ) -> Result<u32, Failure> {
        let books = self
            .0
            .get_or_insert_with(|| Box::new(Books { last_id: 0, under_way: 0, running: Vec::new(), next_at: now }));
        if books.under_way >= PLACED_MAX {
            let message = format!("{PLACED_MAX} placed calls are under way; take their last steps first");
            return Err(Failure::new(code::FULL, message));
        }
        let next_at = books.next_at.max(now);
        if next_at - now > PAUSE * (PLACES_BURST_MAX - 1) {
            let message = format!("{PLACES_PER_S_MAX} calls a second may be placed, {PLACES_BURST_MAX} after a rest");
            return Err(Failure::new(code::FULL, message));
        }
        let request = books.last_id.wrapping_add(1);
        placer.place(request, contact, to, plugin)?;
        books.last_id = request;
        books.next_at = next_at + PAUSE;
        books.under_way += 1;
        books.running.push(request);
        Ok(request)
    }

    /// A step came; whether the handler is to be told. One of an unknown request, or after the last, is not.
    pub(crate) fn came(&mut self, request: u32, step: &Placed) -> bool {
        let Some(books) = &mut self.0 else { return false };
        let Some(at) = books.running.iter().position(|known| *known == request) else { return false };
        if step.is_last() {
            books.running.swap_remove(at);
        }
        true
    }

    /// The handler took a step.
    pub(crate) fn taken(&mut self, step: &Placed) {
        if let (Some(books), true) = (&mut self.0, step.is_last()) {
            books.under_way -= 1;
        }
    }
}
