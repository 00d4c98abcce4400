//! The call, as an async handler has it in its hand.

use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use super::hub::Hub;
use super::speak::{Heard, Pcm, PlayAll, Say};
use super::stream::{Audio, Events, Keys};
use super::{Command, Either, Placed, select, sleep};
use crate::audio::Voice;
use crate::hang_up::close_ends_it;
use crate::host::{call, calls, playout};
use crate::{CallInfo, Failure, Ledger};

/// One call. Clones are the same call.
#[derive(Clone, Debug)]
pub struct Call {
    hub: Rc<Hub>,
}

/// Commands. Each is begun at once, not by its first poll, and its future gives the outcome: a refusal (`NOT_NOW`,
/// `INVALID`, ...), the carrier's answer, `TIMEOUT`, `LINK_LOST` or `ENDED`.
impl Call {
    /// Picks up. Deadline 10 s.
    pub fn answer(&self) -> Command {
        Command::begin(&self.hub, call::answer)
    }

    /// Rings the number that was originally called and bridges it in. `ring_time` is 1 to 120 s, rounded up to seconds.
    /// `CALL_UNANSWERED` leaves the call as it was.
    pub fn connect(&self, ring_time: Duration) -> Command {
        Command::begin(&self.hub, || call::connect(seconds(ring_time)))
    }

    /// From then on only the number's subscriber hears this handler. Deadline 10 s.
    pub fn whisper(&self) -> Command {
        Command::begin(&self.hub, call::whisper)
    }

    /// From then on both parties hear this handler. Deadline 10 s.
    pub fn barge(&self) -> Command {
        Command::begin(&self.hub, call::barge)
    }

    /// From then on nobody hears this handler. Deadline 10 s.
    pub fn spy(&self) -> Command {
        Command::begin(&self.hub, call::spy)
    }

    /// Ends the call for everyone. Deadline 10 s.
    pub fn disconnect(&self) -> Command {
        Command::begin(&self.hub, call::disconnect)
    }

    /// Leaves the call: connected parties stay connected, else the call ends. Deadline 10 s. Returning `Ok` does the same.
    pub fn close(&self) -> Command {
        Command::begin(&self.hub, call::close)
    }

    /// Ends the call for everyone, whatever its state. Before `connected` a carrier may take no `disconnect`
    /// (`INVALID_COMMAND`): then by `close`, which ends such a call too.
    ///
    /// # Errors
    /// Those of the last command.
    pub async fn hang_up(&self) -> Result<(), Failure> {
        match self.disconnect().await {
            Err(failure) if close_ends_it(&failure) => self.close().await,
            outcome => outcome,
        }
    }

    /// Rings another number and bridges it in, where the carrier can.
    pub fn transfer(&self, to: &str, ring_time: Duration) -> Command {
        Command::begin(&self.hub, || call::transfer(to, seconds(ring_time)))
    }

    /// Sends keys out of band, where the carrier can.
    pub fn send_digits(&self, digits: &str) -> Command {
        Command::begin(&self.hub, || call::send_digits(digits))
    }
}

/// Further calls and chats, with the grant `calls`. What is placed has a handler of its own, and does not end with this one.
impl Call {
    /// Places a call that the named plugin of this tenant will handle.
    ///
    /// # Errors
    /// `NOT_GRANTED`, `INVALID` for a bad number or plugin, `LINK_LOST` without a carrier, `NOT_NOW` while the host drains,
    /// `FULL` at a limit: nothing was placed.
    pub fn place(&self, to: &str, plugin: &str) -> Result<Placed, Failure> {
        Placed::begin(&self.hub, || calls::place(to, plugin))
    }

    /// Begins a chat that the named plugin of this tenant will handle.
    ///
    /// # Errors
    /// The same.
    pub fn begin_chat(&self, to: &str, plugin: &str) -> Result<Placed, Failure> {
        Placed::begin(&self.hub, || calls::begin_chat(to, plugin))
    }
}

/// What is heard and what happens. A stream has what comes from its making on; what nobody streams is not kept.
impl Call {
    /// The audio that is heard, all channels. Two seconds wait for a reader, then the oldest are dropped and counted.
    pub fn audio(&self) -> Audio {
        Audio::open(&self.hub)
    }

    /// Events that no other future takes: keys, warnings, errors of the call, marks and timers of your own making,
    /// outcomes of commands whose future was dropped, `ended` as the last. 256 wait, then the oldest are dropped and counted.
    pub fn events(&self) -> Events {
        Events::open(&self.hub)
    }

    /// The keys that the caller presses, in band (DTMF tones on channel 0) or signalled. Detecting tones costs
    /// less than a thousandth of a core.
    pub fn keys(&self) -> Keys {
        Keys::open(&self.hub, 0)
    }

    /// The keys of one party, where the legs of a connected call are heard apart: channel 1 is the caller's, 2 the callee's.
    /// Waits for them like [`Call::keys`], from now on, also before the legs are there.
    pub fn keys_on(&self, channel: u8) -> Keys {
        Keys::open(&self.hub, channel)
    }

    /// Resolves when somebody speaks (on channel 0, from now on), about 50 ms after they began. Never after the end.
    pub async fn speech(&self) {
        let mut audio = self.audio();
        let mut voice = Voice::new(self.sample_rate_hz());
        while let Some(frame) = audio.next().await {
            if frame.channel == 0 && voice.hear(&frame.pcm) {
                return;
            }
        }
        std::future::pending().await
    }

    /// Resolves when the call is over, with the reason: `terminated`, `closed`, `voice-lost`, ...
    pub async fn ended(&self) -> String {
        poll_fn(|_| self.hub.board().ended.clone().map_or(Poll::Pending, Poll::Ready)).await
    }

    /// Waits, unless the call ends before. Whether it lives.
    pub async fn pause(&self, time: Duration) -> bool {
        matches!(select(self.ended(), sleep(time)).await, Either::Second(()))
    }
}

/// Speaking.
impl Call {
    /// Queues audio, all or nothing, without waiting: [`play`](crate::play) for any form of PCM.
    ///
    /// # Errors
    /// `FULL`, `NOT_NOW` before the answer, `ENDED`, `INVALID` for half a sample.
    pub fn play(&self, pcm: &(impl Pcm + ?Sized)) -> Result<Ledger, Failure> {
        pcm.play(0, pcm.samples())
    }

    /// Queues audio of any length, at most a second ahead of what was sent, and resolves when all of it is queued.
    /// Utterances take turns: a later one begins when the former is done.
    pub fn play_all<'a, P: Pcm + ?Sized>(&self, pcm: &'a P) -> PlayAll<'a, P> {
        PlayAll::new(&self.hub, pcm)
    }

    /// Says audio of any length and resolves when it was heard whole, or cleared. Dropped while it speaks, it falls
    /// silent: what is queued is cleared.
    pub fn say<'a, P: Pcm + ?Sized>(&self, pcm: &'a P) -> Say<'a, P> {
        Say::new(&self.hub, pcm)
    }

    /// Says a prompt and waits for a key: until the prompt is over, and `patience` longer. A key silences the prompt, and so
    /// does one that was pressed before and not taken. `None`: no key came.
    ///
    /// # Errors
    /// Those of [`Call::say`].
    pub async fn ask<P: Pcm + ?Sized>(
        &self,
        prompt: &P,
        keys: &mut Keys,
        patience: Duration,
    ) -> Result<Option<char>, Failure> {
        let silence = async {
            self.say(prompt).await?;
            sleep(patience).await;
            Ok(())
        };
        match select(keys.next(), silence).await {
            Either::First(key) => Ok(Some(key)),
            Either::Second(over) => over.map(|()| None),
        }
    }

    /// Resolves when everything queued so far was heard, or cleared.
    pub fn heard(&self) -> Heard {
        Heard::begin(&self.hub)
    }

    /// Falls silent: drops what is queued, and stops what the carrier plays. An utterance that speaks is over;
    /// those that wait for their turn are not.
    pub fn clear(&self) -> Ledger {
        self.hub.clear()
    }

    /// What became of the audio so far.
    pub fn position(&self) -> Ledger {
        playout::position()
    }
}

/// What is known of it.
impl Call {
    pub(crate) fn new(hub: Rc<Hub>) -> Self {
        Self { hub }
    }

    /// What was known when it began.
    pub fn info(&self) -> &CallInfo {
        &self.hub.info
    }

    /// Samples a second, of what is heard and of what is said.
    pub fn sample_rate_hz(&self) -> u32 {
        self.hub.info.audio.sample_rate_hz
    }

    /// `pending`, `answered`, `connected` or `ended`, as the host has it at this moment.
    pub fn state(&self) -> String {
        call::state()
    }

    /// Whether the carrier supports a command or an extra, by its name in the contract: `connect`, `transfer`, ...
    pub fn can(&self, what: &str) -> bool {
        call::capabilities().iter().any(|known| known == what)
    }
}

/// Rounded up, so that what is longer than nothing rings.
fn seconds(time: Duration) -> u32 {
    u32::try_from(time.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX)
}
