//! A coach for the subscriber of a number: connects the call, listens to both legs, and whispers a hint when one is due.
//! A key that the subscriber presses lets both parties hear the coach; otherwise nobody does.
//!
//! Needs `audio_mode = "isolated"`. README.md names its settings.

use std::time::Duration;

use switchhook_guest::aio::{Audio, Call, Command, Either, select};
use switchhook_guest::audio::{Voice, Wav, dtmf::Detector};
use switchhook_guest::{AudioFrame, Failure, code, config, info, warn};

switchhook_guest::async_handler!(coach);

const TURN: &[u8] = include_bytes!("../../prompts/coach-turn.wav");
const LISTEN: &[u8] = include_bytes!("../../prompts/coach-listen.wav");
const JOINS: &[u8] = include_bytes!("../../prompts/coach-joins.wav");
/// The channels of the legs.
const CALLER: u8 = 1;
const CALLEE: u8 = 2;
/// The other party has come to an end when it is quiet for so long, ms.
const FINISHED_MS: u32 = 1_000;
/// Both talking at once for so long is no mere "yes", ms.
const OVERLAP_MS: u32 = 1_500;

/// When there is something to say: the other party waits for an answer, both talk at once, or the key was pressed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Moment {
    Turn,
    Overlap,
    Join,
}

async fn coach(call: Call) -> Result<(), Failure> {
    match call.connect(Duration::from_secs(config::parse("ring_time_s").unwrap_or(30))).await {
        Err(failure) if failure.is(code::CALL_UNANSWERED) => return call.hang_up().await,
        connected => connected?,
    }
    let legs = &call.info().audio.channels;
    if !legs.contains(&CALLER) || !legs.contains(&CALLEE) {
        warn!("the legs of this call do not come apart: set audio_mode = \"isolated\"");
        return call.close().await;
    }
    call.spy().await?;
    let mut ear = Ear::open(&call);
    let mut next = ear.next(false).await;
    while let Some(moment) = next {
        info!("coach: {moment:?}");
        if moment == Moment::Join {
            speak(&call, call.barge(), JOINS).await?;
            next = ear.next(false).await;
            continue;
        }
        let words = if moment == Moment::Turn { TURN } else { LISTEN };
        // Dropped by the key, a hint falls silent.
        next = match select(ear.next(true), speak(&call, call.whisper(), words)).await {
            Either::First(join) => join,
            Either::Second(spoken) => {
                spoken?;
                ear.next(false).await
            }
        };
    }
    Ok(())
}

/// Says something in a mode, and is heard by nobody afterwards.
async fn speak(call: &Call, mode: Command, file: &[u8]) -> Result<(), Failure> {
    let words = Wav::read(file)?.at(call.sample_rate_hz());
    mode.await?;
    call.say(&words).await?;
    call.spy().await
}

/// Listens to both legs.
struct Ear {
    audio: Audio,
    subscriber: (u8, Voice),
    other: (u8, Voice),
    keys: Detector,
    join_key: char,
    quiet_ms: u32,
    pause_ms: u32,
    samples_per_ms: u32,
    /// For how long both have talked at once, and for how long no hint is due.
    overlap_ms: u32,
    hushed_ms: u32,
    /// What the other party had said at the last hint.
    hinted_ms: u32,
}

impl Ear {
    fn open(call: &Call) -> Self {
        let rate_hz = call.sample_rate_hz();
        let calls = config::get("subscriber").map_or(call.info().outbound, |who| who == "caller");
        let (subscriber, other) = if calls { (CALLER, CALLEE) } else { (CALLEE, CALLER) };
        Self {
            audio: call.audio(),
            subscriber: (subscriber, Voice::new(rate_hz)),
            other: (other, Voice::new(rate_hz)),
            keys: Detector::new(rate_hz),
            join_key: config::parse("join_key").unwrap_or('*'),
            quiet_ms: config::parse("quiet_ms").unwrap_or(4_000),
            pause_ms: config::parse("pause_ms").unwrap_or(8_000),
            samples_per_ms: (rate_hz / 1_000).max(1),
            overlap_ms: 0,
            hushed_ms: 0,
            hinted_ms: 0,
        }
    }

    /// The next moment, or the next press of the key alone; `None` after the end of the call.
    async fn next(&mut self, key_only: bool) -> Option<Moment> {
        while let Some(frame) = self.audio.next().await {
            let moment = self.hear(&frame).filter(|moment| !key_only || *moment == Moment::Join);
            if moment.is_some() {
                return moment;
            }
        }
        None
    }

    fn hear(&mut self, frame: &AudioFrame) -> Option<Moment> {
        let ms = frame.pcm.len() as u32 / 2 / self.samples_per_ms;
        let (subscriber, other) = (&mut self.subscriber.1, &mut self.other.1);
        if frame.channel == self.other.0 {
            other.hear(&frame.pcm);
        }
        if frame.channel != self.subscriber.0 {
            return None;
        }
        let both = subscriber.hear(&frame.pcm) && other.speaks();
        self.overlap_ms = if both { self.overlap_ms + ms } else { self.overlap_ms.saturating_sub(ms) };
        self.hushed_ms = self.hushed_ms.saturating_sub(ms);
        let mut joins = false;
        self.keys.hear(&frame.pcm, |key| joins |= key == self.join_key);
        let finished = other.spoken_ms() > self.hinted_ms && other.quiet_ms() >= FINISHED_MS;
        let moment = match () {
            () if joins => return Some(Moment::Join),
            () if self.hushed_ms > 0 => return None,
            () if self.overlap_ms >= OVERLAP_MS => Moment::Overlap,
            () if finished && subscriber.quiet_ms() >= self.quiet_ms => Moment::Turn,
            () => return None,
        };
        (self.overlap_ms, self.hushed_ms, self.hinted_ms) = (0, self.pause_ms, other.spoken_ms());
        Some(moment)
    }
}

#[cfg(test)]
mod tests;
