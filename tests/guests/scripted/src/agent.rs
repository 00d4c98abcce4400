//! The steps, and what happens to the call meanwhile.

use std::collections::BTreeMap;
use std::time::Duration;

use switchhook_guest::{CallInfo, CommandId, Event, Failure, call, next, play, play_samples, playout, timers};

/// As loud as the agent of the public SDK.
const AMPLITUDE: f64 = 16_000.0;

/// One call so far.
pub(crate) struct Agent {
    sample_rate_hz: f64,
    echoing: bool,
    heard: BTreeMap<u8, Heard>,
    call_errors: u32,
    ended: Option<String>,
}

/// What came on one channel.
#[derive(Default)]
pub(crate) struct Heard {
    pub(crate) bytes: u64,
    pub(crate) crc32: crc32fast::Hasher,
}

impl Agent {
    pub(crate) fn new(info: &CallInfo) -> Self {
        let sample_rate_hz = info.audio.sample_rate_hz.into();
        Self { sample_rate_hz, echoing: false, heard: BTreeMap::new(), call_errors: 0, ended: None }
    }

    /// What came, by channel: bytes of PCM and their checksum.
    pub(crate) fn heard(&self) -> impl Iterator<Item = (u8, u64, u32)> {
        self.heard.iter().map(|(channel, heard)| (*channel, heard.bytes, heard.crc32.clone().finalize()))
    }

    /// Does one step, to its end.
    pub(crate) fn step(&mut self, name: &str, numbers: &[f64]) -> Result<(), Failure> {
        match (name, numbers) {
            ("answer", []) => self.command(call::answer()),
            ("connect", [ring_time_s]) => self.command(call::connect(*ring_time_s as u32)),
            ("whisper", []) => self.command(call::whisper()),
            ("barge", []) => self.command(call::barge()),
            ("spy", []) => self.command(call::spy()),
            ("disconnect", []) => self.command(call::disconnect()),
            ("close", []) => self.command(call::close()),
            ("interrupt", []) => {
                playout::clear();
                Ok(())
            }
            ("say", [freq_hz, ms]) => self.say(*freq_hz, *ms),
            ("echo", []) => {
                self.echoing = true;
                self.come_to_the_end();
                Ok(())
            }
            ("wait-audio", [channel, bytes]) => {
                let enough =
                    |agent: &Self| agent.heard.get(&(*channel as u8)).is_some_and(|heard| heard.bytes >= *bytes as u64);
                self.until(|agent, _| enough(agent).then_some(Ok(())))
            }
            ("wait-call-error", []) => self.until(|agent, _| (agent.call_errors > 0).then_some(Ok(()))),
            ("wait-terminated", []) => self.terminated(),
            ("wait", [ms]) => self.wait(Duration::from_millis(*ms as u64)),
            _ => Err(Failure::new("UNKNOWN_STEP", format!("there is no step `{name}` with {} numbers", numbers.len()))),
        }
    }

    /// Takes events until nothing comes any more.
    pub(crate) fn come_to_the_end(&mut self) {
        while self.next().is_some() {}
    }

    fn command(&mut self, accepted: Result<CommandId, Failure>) -> Result<(), Failure> {
        let command = accepted?;
        self.until(|_, event| match event {
            Some(Event::Outcome(outcome)) if outcome.command == command => Some(outcome.value.clone().map(drop)),
            _ => None,
        })
    }

    fn say(&mut self, freq_hz: f64, ms: f64) -> Result<(), Failure> {
        let step = 2.0 * std::f64::consts::PI * freq_hz / self.sample_rate_hz;
        let samples = (self.sample_rate_hz * ms / 1_000.0) as u32;
        let tone: Vec<i16> =
            (0..samples).map(|at| (AMPLITUDE * (step * f64::from(at)).sin()).round_ties_even() as i16).collect();
        play_samples(&tone).map(drop)
    }

    fn terminated(&mut self) -> Result<(), Failure> {
        self.come_to_the_end();
        match self.ended.as_deref() {
            Some("terminated") => Ok(()),
            other => Err(Failure::new("ENDED_OTHERWISE", format!("{other:?}"))),
        }
    }

    fn wait(&mut self, time: Duration) -> Result<(), Failure> {
        let timer = timers::after(time)?;
        self.until(|_, event| matches!(event, Some(Event::Timer(id)) if *id == timer).then_some(Ok(())))
    }

    /// Takes events until one of them, or what came before, gives a result.
    fn until(&mut self, result: impl Fn(&Self, Option<&Event>) -> Option<Result<(), Failure>>) -> Result<(), Failure> {
        if let Some(result) = result(self, None) {
            return result;
        }
        while let Some(event) = self.next() {
            if let Some(result) = result(self, Some(&event)) {
                return result;
            }
        }
        Err(Failure::new("OVER", "the call was over before the step was"))
    }

    fn next(&mut self) -> Option<Event> {
        let event = next()?;
        match &event {
            Event::Audio(frame) => {
                let heard = self.heard.entry(frame.channel).or_default();
                heard.bytes += frame.pcm.len() as u64;
                heard.crc32.update(&frame.pcm);
                if self.echoing && frame.channel == 0 {
                    // What is refused shows as missing in the echo.
                    drop(play(&frame.pcm));
                }
            }
            Event::CallError(_) => self.call_errors += 1,
            Event::Ended(reason) => self.ended = Some(reason.clone()),
            _ => {}
        }
        Some(event)
    }
}
