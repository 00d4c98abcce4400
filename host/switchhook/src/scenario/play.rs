//! One call of a scenario, on a virtual clock of its own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use key_value::RuntimeClock;
use sandbox::{GuestClock, GuestSetup, Plugin};
use tempfile::TempDir;
use tracing_subscriber::layer::SubscriberExt;

use super::log::{Catcher, LogLine};
use super::memory::{self, Remembered};
use super::others::{Met, Scripted};
use super::verdict::{self, Miss};
use super::{Run, Scenario, timeline};
use crate::limits::SCENARIO_HOURS_MAX;
use crate::services::Services;
use crate::simulated::{self, CallSetup, SimulatedCall, TENANT};

/// The simulator's choices are the same in every run.
const SEED: u64 = 1;

/// Why a call could not be made at all.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    /// The machine does not give what it takes.
    #[error("the call could not be simulated: {0}: free some memory or disk")]
    Machine(String),
}

/// What came of one call.
pub struct Played {
    /// What does not hold. Empty: all does.
    pub misses: Vec<Miss>,
    /// What happened, in order, a line each: for whoever looks into a failure.
    pub timeline: Vec<String>,
    /// How long the call took, by its own clock.
    pub call_time: Duration,
    /// How long it took to simulate it.
    pub real_time: Duration,
    /// The call.
    pub call: SimulatedCall,
}

/// All that a verdict is founded on.
pub(super) struct Evidence<'a> {
    pub(super) run: &'a Run,
    pub(super) call: &'a SimulatedCall,
    pub(super) log: &'a [LogLine],
    /// What happened between the handler and other hosts.
    pub(super) met: &'a Met,
    /// The recordings' sound and rate.
    pub(super) recordings: &'a [audio::Wav],
    /// The values of the keys that are asked for, at the end.
    pub(super) remembered: &'a Remembered,
}

/// Makes the call and judges it.
///
/// # Errors
/// The machine does not give what it takes.
pub fn play(plugin: &Plugin, scenario: &Scenario, run: &Run) -> Result<Played, PlayError> {
    let began = Instant::now();
    let machine = |error: &dyn std::fmt::Display| PlayError::Machine(error.to_string());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.map_err(|error| machine(&error))?;
    let grants = &scenario.grants;
    let folder = (grants.recording || grants.key_value).then(tempfile::tempdir).transpose();
    let folder = folder.map_err(|error| machine(&error))?;
    let clock = Arc::new(runtime.block_on(async { RuntimeClock::starting_at(scenario.starts_at) }));
    let services = folder
        .as_ref()
        .map_or(Ok(Services::default()), |folder| Services::in_folder(folder.path(), grants, clock.clone()));
    let services = services.map_err(|error| machine(&error))?;
    let guest = GuestSetup {
        config: scenario.config.clone().into(),
        clock: GuestClock::Runtime { starts_at: scenario.starts_at },
        ..GuestSetup::default()
    };
    let mut guest = services.grant(TENANT, plugin.name(), grants, guest).map_err(|error| machine(&error))?;
    let before = memory::begin(guest.key_value.as_ref(), &scenario.remembers);
    runtime.block_on(before).map_err(|error| machine(&error))?;
    let others = Scripted::new(scenario.others.clone(), run.sample_rate_hz);
    if !scenario.others.is_empty() {
        guest.network = Some(Arc::new(others.clone()));
    }
    let setup = CallSetup {
        sample_rate_hz: run.sample_rate_hz,
        audio_mode: scenario.audio_mode,
        voice_redial: scenario.voice_redial,
        seed: SEED,
        guest,
        services,
    };
    let catcher = runtime.block_on(async { Catcher::begin() });
    let subscriber = tracing_subscriber::registry().with(catcher.clone());
    let called = tracing::subscriber::with_default(subscriber, || {
        runtime.block_on(async {
            let call = simulated::call(plugin.clone(), run.caller.clone(), setup);
            tokio::time::timeout(Duration::from_secs(SCENARIO_HOURS_MAX * 3_600), call).await
        })
    });
    let after = memory::end(folder.as_ref().map(TempDir::path), clock, plugin.name(), scenario);
    let remembered = runtime.block_on(after).map_err(|error| machine(&error))?;
    drop(runtime);
    let call =
        called.map_err(|_| PlayError::Machine(format!("it goes on for more than {SCENARIO_HOURS_MAX} hours")))?;
    let log = catcher.take();
    let recordings = folder.as_ref().map_or(Ok(Vec::new()), read_recordings).map_err(|error| machine(&error))?;
    let met = others.take();
    let evidence =
        Evidence { run, call: &call, log: &log, met: &met, recordings: &recordings, remembered: &remembered };
    let misses = verdict::judge(scenario, &evidence);
    let timeline = if misses.is_empty() { Vec::new() } else { timeline::tell(&scenario.expect, &evidence) };
    let call_time = call.report.timeline.at(sim::Milestone::Ended).unwrap_or_default();
    Ok(Played { misses, timeline, call_time, real_time: began.elapsed(), call })
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
