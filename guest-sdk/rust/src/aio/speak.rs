//! Utterances: audio of any length, in turns, with back-pressure, and the moment when it was heard.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use super::hub::{Hub, ended};
use crate::host::{call, playout};
use crate::limits::{PLAY_AHEAD_MS, UTTERANCES_MAX};
use crate::{Failure, Ledger, code};

/// Less than this is not worth a `FULL`, ms: a host that cannot take it cannot be played to.
const PIECE_MS_MIN: u64 = 20;

/// Audio in a form that can be played: samples, or little-endian bytes of them.
pub trait Pcm {
    /// How many samples there are.
    fn samples(&self) -> usize;

    /// Queues the samples `from..to`.
    ///
    /// # Errors
    /// Those of [`play`](crate::play).
    fn play(&self, from: usize, to: usize) -> Result<Ledger, Failure>;
}

impl Pcm for [i16] {
    fn samples(&self) -> usize {
        self.len()
    }

    fn play(&self, from: usize, to: usize) -> Result<Ledger, Failure> {
        playout::play_samples(&self[from..to])
    }
}

/// An odd last byte is half a sample, which the host refuses.
impl Pcm for [u8] {
    fn samples(&self) -> usize {
        self.len().div_ceil(2)
    }

    fn play(&self, from: usize, to: usize) -> Result<Ledger, Failure> {
        playout::play(&self[from * 2..(to * 2).min(self.len())])
    }
}

impl<T> Pcm for Vec<T>
where
    [T]: Pcm,
{
    fn samples(&self) -> usize {
        self.as_slice().samples()
    }

    fn play(&self, from: usize, to: usize) -> Result<Ledger, Failure> {
        self.as_slice().play(from, to)
    }
}

impl<T, const N: usize> Pcm for [T; N]
where
    [T]: Pcm,
{
    fn samples(&self) -> usize {
        self.as_slice().samples()
    }

    fn play(&self, from: usize, to: usize) -> Result<Ledger, Failure> {
        self.as_slice().play(from, to)
    }
}

/// What became of an utterance. [`PlayAll`] is `Whole` when all of it was queued, the others when all of it was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Played {
    /// All of it.
    Whole,
    /// It was taken back before its end: by [`Call::clear`](super::Call::clear), or by dropping another [`Say`].
    Cleared,
}

/// What [`Call::play_all`](super::Call::play_all) makes. Its audio is taken as the host has room; dropped, what was taken
/// is still heard.
#[must_use = "audio is only queued while this is awaited"]
#[derive(Debug)]
pub struct PlayAll<'a, P: ?Sized> {
    turn: Turn,
    pcm: &'a P,
    taken: usize,
    /// The round of `playout-low` events that it waits to see the end of.
    waits: Option<u32>,
    /// How often, and how many samples, were cleared when it began to speak.
    cleared: Option<(u32, u64)>,
}

impl<'a, P: Pcm + ?Sized> PlayAll<'a, P> {
    pub(crate) fn new(hub: &Rc<Hub>, pcm: &'a P) -> Self {
        Self { turn: Turn::queue_up(hub), pcm, taken: 0, waits: None, cleared: None }
    }

    /// Whole: all of it is queued. Cleared: it was told to be silent before that.
    fn poll_taken(&mut self) -> Poll<Result<Played, Failure>> {
        ready!(self.turn.poll()?);
        let hub = &self.turn.hub;
        if self.waits.is_some_and(|round| hub.board().low_round == round) {
            return Poll::Pending;
        }
        self.waits = None;
        let per_ms = u64::from(hub.info.audio.sample_rate_hz).div_ceil(1_000);
        let ahead_max = u64::from(PLAY_AHEAD_MS) * per_ms;
        let mut piece_max = ahead_max;
        loop {
            let left = self.pcm.samples() - self.taken;
            if left == 0 {
                return Poll::Ready(Ok(Played::Whole));
            }
            let Ledger { queued, dropped, .. } = playout::position();
            let cleared = (hub.board().clears, dropped);
            if *self.cleared.get_or_insert(cleared) != cleared {
                return Poll::Ready(silenced());
            }
            let piece = piece_max.min(ahead_max.saturating_sub(queued));
            if piece == 0 {
                self.wait_below(ahead_max / 2);
                return Poll::Pending;
            }
            let to = self.taken + usize::try_from(piece).map_or(left, |piece| piece.min(left));
            match self.pcm.play(self.taken, to) {
                Ok(_) => self.taken = to,
                Err(failure) if failure.is(code::FULL) && queued > 0 => {
                    self.wait_below(queued.div_ceil(2));
                    return Poll::Pending;
                }
                Err(failure) if failure.is(code::FULL) && piece_max > PIECE_MS_MIN * per_ms => piece_max /= 2,
                Err(failure) => return Poll::Ready(Err(failure)),
            }
        }
    }

    fn wait_below(&mut self, samples: u64) {
        self.waits = Some(self.turn.hub.board().expect_low());
        playout::notify_below(samples.max(1));
    }
}

impl<P: Pcm + ?Sized> Future for PlayAll<'_, P> {
    type Output = Result<Played, Failure>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        let result = ready!(self.poll_taken());
        self.turn.give_up();
        Poll::Ready(result)
    }
}

/// What [`Call::heard`](super::Call::heard) makes.
#[must_use = "it only waits when it is awaited"]
#[derive(Debug)]
pub struct Heard {
    hub: Rc<Hub>,
    mark: Result<u32, Option<Failure>>,
}

impl Heard {
    pub(crate) fn begin(hub: &Rc<Hub>) -> Self {
        let (name, text) = hub.board().begin_mark();
        // What is a part of a frame would wait for more otherwise.
        playout::flush();
        let mark = playout::mark(&text).map(|()| name).map_err(|failure| {
            hub.board().forget_mark(name);
            Some(failure)
        });
        Self { hub: Rc::clone(hub), mark }
    }

    fn poll_heard(&mut self) -> Poll<Result<Played, Failure>> {
        match &mut self.mark {
            Err(failure) => failure.take().map_or(Poll::Pending, |failure| Poll::Ready(Err(failure))),
            Ok(name) => match self.hub.board().mark_played(*name) {
                None => Poll::Pending,
                Some(true) => Poll::Ready(Ok(Played::Whole)),
                Some(false) => Poll::Ready(silenced()),
            },
        }
    }
}

impl Future for Heard {
    type Output = Result<Played, Failure>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        self.poll_heard()
    }
}

impl Drop for Heard {
    fn drop(&mut self) {
        if let Ok(name) = self.mark {
            self.hub.board().forget_mark(name);
        }
    }
}

/// What [`Call::say`](super::Call::say) makes. Dropped while it speaks, it falls silent: what is queued is cleared, its
/// own and what was queued before it.
#[must_use = "nothing is said unless this is awaited"]
#[derive(Debug)]
pub struct Say<'a, P: Pcm + ?Sized> {
    play: PlayAll<'a, P>,
    heard: Option<Heard>,
    over: bool,
}

impl<'a, P: Pcm + ?Sized> Say<'a, P> {
    pub(crate) fn new(hub: &Rc<Hub>, pcm: &'a P) -> Self {
        Self { play: PlayAll::new(hub, pcm), heard: None, over: false }
    }

    fn poll_said(&mut self) -> Poll<Result<Played, Failure>> {
        if self.heard.is_none() {
            if ready!(self.play.poll_taken()?) == Played::Cleared {
                return Poll::Ready(Ok(Played::Cleared));
            }
            self.heard = Some(Heard::begin(&self.play.turn.hub));
        }
        self.heard.as_mut().map_or(Poll::Pending, Heard::poll_heard)
    }
}

impl<P: Pcm + ?Sized> Future for Say<'_, P> {
    type Output = Result<Played, Failure>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        let result = ready!(self.poll_said());
        self.over = true;
        self.play.turn.give_up();
        Poll::Ready(result)
    }
}

impl<P: Pcm + ?Sized> Drop for Say<'_, P> {
    fn drop(&mut self) {
        if !self.over && self.play.taken > 0 {
            self.play.turn.hub.clear();
        }
    }
}

/// The end of the call clears too, and is told before its event comes.
fn silenced() -> Result<Played, Failure> {
    if call::state() == "ended" { Err(ended()) } else { Ok(Played::Cleared) }
}

/// A place in the order of utterances.
#[derive(Debug)]
struct Turn {
    hub: Rc<Hub>,
    name: Option<u32>,
}

impl Turn {
    fn queue_up(hub: &Rc<Hub>) -> Self {
        let name = hub.board().queue_up();
        Self { hub: Rc::clone(hub), name }
    }

    fn poll(&self) -> Poll<Result<(), Failure>> {
        let Some(name) = self.name else {
            let message = format!("{UTTERANCES_MAX} utterances wait for their turn");
            return Poll::Ready(Err(Failure::new(code::FULL, message)));
        };
        let board = self.hub.board();
        match board.speaks(name) {
            true => Poll::Ready(Ok(())),
            false if board.ended.is_some() => Poll::Ready(Err(ended())),
            false => Poll::Pending,
        }
    }

    fn give_up(&mut self) {
        if let Some(name) = self.name {
            self.hub.board().step_back(name);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.give_up();
    }
}
