//! The calls of a scenario, on a virtual clock of their own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use key_value::{Clock, RuntimeClock};
use sandbox::{GuestClock, GuestSetup, Plugin};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tracing_subscriber::layer::SubscriberExt;

use super::log::{Catcher, LogLine};
use super::memory::{self, Remembered};
use super::others::{Met, Scripted};
use super::verdict::{self, Miss};
use super::{Part, Run, RunCall, Scenario, timeline};
use crate::limits::SCENARIO_HOURS_MAX;
use crate::services::Services;
use crate::simulated::{self, CallSetup, SimulatedCall, TENANT};

/// The simulator's choices are the same in every run, and differ from call to call.
const SEED: u64 = 1;

/// Why a call could not be made at all.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    /// The machine does not give what it takes.
    #[error("the call could not be simulated: {0}: free some memory or disk")]
    Machine(String),
}

/// What came of a run.
pub struct Played {
    /// What does not hold. Empty: all does.
    pub misses: Vec<Miss>,
    /// What happened, in order, a line each: for whoever looks into a failure.
    pub timeline: Vec<String>,
    /// How long the calls took, by their own clock.
    pub call_time: Duration,
    /// How long it took to simulate them.
    pub real_time: Duration,
    /// The calls, in their order.
    pub calls: Vec<SimulatedCall>,
}

/// All that a verdict is founded on.
pub(super) struct Evidence<'a> {
    /// Who called, and what they were to do.
    pub(super) made: &'a RunCall,
    pub(super) call: &'a SimulatedCall,
    pub(super) log: &'a [LogLine],
    /// What happened between the handler and other hosts.
    pub(super) met: &'a Met,
    /// The recordings' sound and rate.
    pub(super) recordings: &'a [audio::Wav],
    /// The values of the keys that are asked for, at the end.
    pub(super) remembered: &'a Remembered,
}

/// Makes the calls, one after the other, and judges them.
///
/// # Errors
/// The machine does not give what it takes.
pub fn play(plugin: &Plugin, scenario: &Scenario, run: &Run) -> Result<Played, PlayError> {
    let began = Instant::now();
    let stage = Stage::set(plugin, scenario, run)?;
    let (mut misses, mut timeline, mut calls) = (Vec::new(), Vec::new(), Vec::new());
    for (index, (part, made)) in scenario.parts.iter().zip(&run.calls).enumerate() {
        stage.runtime.block_on(async { tokio::time::sleep(part.after).await });
        let (missed, told, call) = stage.call(index, part, made)?;
        if scenario.parts.len() == 1 {
            misses.extend(missed);
            timeline.extend(told);
        } else {
            let name = format!("call {} of {}", index + 1, scenario.parts.len());
            misses.extend(missed.into_iter().map(|miss| Miss { what: format!("{name}: {}", miss.what), ..miss }));
            timeline.push(format!("{name}:"));
            timeline.extend(told);
        }
        calls.push(call);
    }
    if misses.is_empty() {
        timeline.clear();
    }
    let lasted = |call: &SimulatedCall| call.report.timeline.at(sim::Milestone::Ended).unwrap_or_default();
    Ok(Played { misses, timeline, call_time: calls.iter().map(lasted).sum(), real_time: began.elapsed(), calls })
}

/// What the calls of a run have in common.
struct Stage<'a> {
    plugin: &'a Plugin,
    scenario: &'a Scenario,
    sample_rate_hz: u32,
    runtime: Runtime,
    /// What the plugin leaves in the host, when it may leave anything.
    folder: Option<TempDir>,
    /// The calendar.
    clock: Arc<RuntimeClock>,
}

impl<'a> Stage<'a> {
    fn set(plugin: &'a Plugin, scenario: &'a Scenario, run: &Run) -> Result<Stage<'a>, PlayError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let runtime = runtime.map_err(|error| machine(&error))?;
        let leaves = scenario.grants.recording || scenario.grants.key_value;
        let folder = leaves.then(tempfile::tempdir).transpose().map_err(|error| machine(&error))?;
        let clock = Arc::new(runtime.block_on(async { RuntimeClock::starting_at(scenario.starts_at) }));
        Ok(Stage { plugin, scenario, sample_rate_hz: run.sample_rate_hz, runtime, folder, clock })
    }

    /// Makes one call: what does not hold of it, what happened in it unless all holds, and the call.
    fn call(
        &self,
        index: usize,
        part: &Part,
        made: &RunCall,
    ) -> Result<(Vec<Miss>, Vec<String>, SimulatedCall), PlayError> {
        let Stage { plugin, scenario, runtime, folder, clock, .. } = self;
        let grants = &scenario.grants;
        let services = folder
            .as_ref()
            .map_or(Ok(Services::default()), |folder| Services::in_folder(folder.path(), grants, clock.clone()));
        let services = services.map_err(|error| machine(&error))?;
        let starts_at = Duration::from_millis(runtime.block_on(async { clock.unix_ms() }));
        let guest = GuestSetup {
            config: scenario.config.clone().into(),
            clock: GuestClock::Runtime { starts_at },
            ..GuestSetup::default()
        };
        let mut guest = services.grant(TENANT, plugin.name(), grants, guest).map_err(|error| machine(&error))?;
        if index == 0 {
            let before = memory::begin(guest.key_value.as_ref(), &scenario.remembers);
            runtime.block_on(before).map_err(|error| machine(&error))?;
        }
        let others = Scripted::new(part.others.clone(), self.sample_rate_hz);
        if !part.others.is_empty() {
            guest.network = Some(Arc::new(others.clone()));
        }
        let setup = CallSetup {
            sample_rate_hz: self.sample_rate_hz,
            audio_mode: scenario.audio_mode,
            voice_redial: scenario.voice_redial,
            seed: SEED + index as u64,
            guest,
            services,
        };
        let catcher = runtime.block_on(async { Catcher::begin() });
        let subscriber = tracing_subscriber::registry().with(catcher.clone());
        let called = tracing::subscriber::with_default(subscriber, || {
            runtime.block_on(async {
                let call = simulated::call((*plugin).clone(), made.caller.clone(), setup);
                tokio::time::timeout(Duration::from_secs(SCENARIO_HOURS_MAX * 3_600), call).await
            })
        });
        let left = folder.as_ref().map(TempDir::path).filter(|_| grants.key_value);
        let after = memory::end(left, clock.clone(), plugin.name(), &part.expect);
        let remembered = runtime.block_on(after).map_err(|error| machine(&error))?;
        let call =
            called.map_err(|_| PlayError::Machine(format!("it goes on for more than {SCENARIO_HOURS_MAX} hours")))?;
        let log = catcher.take();
        let recordings = folder.as_ref().map_or(Ok(Vec::new()), read_recordings).map_err(|error| machine(&error))?;
        let met = others.take();
        let evidence =
            Evidence { made, call: &call, log: &log, met: &met, recordings: &recordings, remembered: &remembered };
        let misses = verdict::judge(part, &evidence);
        let several = scenario.parts.len() > 1;
        let timeline = if misses.is_empty() && !several { Vec::new() } else { timeline::tell(&part.expect, &evidence) };
        Ok((misses, timeline, call))
    }
}

fn machine(error: &dyn std::fmt::Display) -> PlayError {
    PlayError::Machine(error.to_string())
}

fn read_recordings(folder: &TempDir) -> Result<Vec<audio::Wav>, String> {
    let mut found = Vec::new();
    let tenant = folder.path().join("recordings").join(TENANT);
    for plugin in std::fs::read_dir(tenant).into_iter().flatten().flatten() {
        for file in std::fs::read_dir(plugin.path()).into_iter().flatten().flatten() {
            let wav = audio::Wav::read_file(file.path());
            found.push(wav.map_err(|error| format!("the recording {}: {error}", file.path().display()))?);
        }
    }
    Ok(found)
}
