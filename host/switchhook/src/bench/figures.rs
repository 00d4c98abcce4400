//! What a component is before any call: its size, what compiling it takes, and what making a guest of it takes.

use std::fmt::{self, Display, Formatter};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sandbox::{GuestSetup, Sandbox, StartError};
use serde::Serialize;

use crate::plugins::{self, PluginError};

/// How many guests are made to measure one.
const GUESTS: usize = 400;
/// Of them, so many are not counted: memory is touched for the first time.
const WARM_GUESTS: usize = 40;

/// The figures of one component.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    /// Its file's name, without the ending.
    pub plugin: String,
    /// Bytes of the component.
    pub size_bytes: usize,
    /// From bytes to what guests are made of, milliseconds; all cores.
    pub compile_ms: u64,
    /// Making a guest and throwing it away, one after another, microseconds: middle and 99 of a hundred.
    pub instantiate_us: [u64; 2],
}

impl Figures {
    /// Measures them.
    ///
    /// # Errors
    /// It cannot be loaded.
    pub fn of(sandbox: &Arc<Sandbox>, path: &Path, runtime: &tokio::runtime::Runtime) -> Result<Figures, PluginError> {
        let began = Instant::now();
        let plugin = plugins::load_plugin(sandbox, path)?;
        let compiled = began.elapsed();
        let made: Result<Vec<Duration>, StartError> = runtime.block_on(async {
            let mut made = Vec::with_capacity(GUESTS);
            for _ in 0..GUESTS {
                let began = Instant::now();
                drop(plugin.prepare(GuestSetup::default()).await?);
                made.push(began.elapsed());
            }
            Ok(made)
        });
        // A guest that cannot be made shows as no time: the steps that follow tell why.
        let mut made: Vec<Duration> = made.unwrap_or_default().into_iter().skip(WARM_GUESTS).collect();
        made.sort_unstable();
        let at = |part: usize| made.get(made.len() * part / 100).map_or(0, |time| micros(*time));
        Ok(Figures {
            plugin: plugin.name().to_owned(),
            size_bytes: plugin.inspection().size_bytes,
            compile_ms: micros(compiled) / 1_000,
            instantiate_us: [at(50), at(99)],
        })
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl Display for Figures {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { plugin, size_bytes, compile_ms, instantiate_us: [middle, most] } = self;
        write!(
            f,
            "{plugin}: {size_bytes} bytes, compiled in {compile_ms} ms, a guest made in {middle} us (p99 {most} us)"
        )
    }
}
