//! The child's side: limits itself, reads a component, writes its code, and ends.
//!
//! It is started with an empty environment and three open files: the component on standard input, the code's file on
//! standard output, and a pipe for one sentence about what went wrong on standard error.

use std::io::{self, Read, Write};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, nice, setrlimit};
use wasmtime::Engine;

use super::EngineHash;
use crate::engine::{code_config, engine_hash};
use crate::inspect::inspect;
use crate::limits::{
    CODE_BYTES_MAX, CODE_CACHE_BYTES_MAX, COMPILE_CPU_S_MAX, COMPILE_MEMORY_BYTES_MAX, COMPILE_MS_MAX,
    COMPONENT_BYTES_MAX,
};

/// What one compilation may take, and all of what is kept. Each field's default stands in [`crate::limits`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct CompileLimits {
    /// Address space of the child, in bytes.
    pub memory_bytes_max: u64,
    /// Processor time of the child, in seconds.
    pub cpu_s_max: u64,
    /// Time from its start to its end, in milliseconds.
    pub ms_max: u64,
    /// The code of one component, in bytes.
    pub code_bytes_max: u64,
    /// All code that is kept, in bytes.
    pub cache_bytes_max: u64,
}

impl Default for CompileLimits {
    fn default() -> Self {
        Self {
            memory_bytes_max: COMPILE_MEMORY_BYTES_MAX,
            cpu_s_max: COMPILE_CPU_S_MAX,
            ms_max: COMPILE_MS_MAX,
            code_bytes_max: CODE_BYTES_MAX,
            cache_bytes_max: CODE_CACHE_BYTES_MAX,
        }
    }
}

/// How much less important than the host a child is.
pub(super) const NICE: i32 = 10;

/// Exit code of a child that found nothing wrong with itself, but with the component.
pub(super) const REFUSED: i32 = 3;

/// What a child does: compiles standard input to standard output. Answers its exit code; 0 is success.
pub fn compile_here(limits: &CompileLimits) -> u8 {
    let done = restrain(limits).map_err(|error| format!("the compiler cannot limit itself: {error}"));
    let refused = match done.map(|()| compile()) {
        Ok(Ok(())) => return 0,
        Ok(Err(refused)) => refused,
        Err(broken) => {
            tell(&broken);
            return 1;
        }
    };
    match refused {
        Refused::Component(why) => {
            tell(&why);
            REFUSED as u8
        }
        Refused::Output(error) => {
            tell(&format!("the code cannot be written: {error}"));
            1
        }
    }
}

/// Whoever reads standard error may be gone: then nobody needs to be told.
fn tell(what: &str) {
    let _ = io::stderr().write_all(what.as_bytes());
}

enum Refused {
    Component(String),
    Output(io::Error),
}

fn restrain(limits: &CompileLimits) -> io::Result<()> {
    let most = |most: u64| Rlimit { current: Some(most), maximum: Some(most) };
    nice(NICE)?;
    setrlimit(Resource::Core, most(0))?;
    setrlimit(Resource::As, most(limits.memory_bytes_max))?;
    // At the first the child is told by a signal that has a name, at the second it is killed.
    let cpu = Rlimit { current: Some(limits.cpu_s_max), maximum: Some(limits.cpu_s_max.saturating_add(1)) };
    setrlimit(Resource::Cpu, cpu)?;
    setrlimit(Resource::Fsize, most(limits.code_bytes_max))?;
    // A host that was ended cannot stop its child any more.
    let deadline = Duration::from_millis(limits.ms_max);
    let watchdog = std::thread::Builder::new().stack_size(64 << 10).spawn(move || {
        std::thread::sleep(deadline);
        std::process::exit(1);
    });
    watchdog.map(drop)
}

fn compile() -> Result<(), Refused> {
    let mut wasm = Vec::new();
    let unread = |error| Refused::Component(format!("the component cannot be read: {error}"));
    io::stdin().lock().take(COMPONENT_BYTES_MAX as u64 + 1).read_to_end(&mut wasm).map_err(unread)?;
    let refused = |error: wasmtime::Error| Refused::Component(format!("{error:#}"));
    let inspection = inspect(&wasm).map_err(|error| Refused::Component(error.to_string()))?;
    let engine = Engine::new(&code_config(inspection.world)).map_err(refused)?;
    let code = engine.precompile_component(&wasm).map_err(refused)?;
    let EngineHash(hash) = engine_hash(&engine);
    let mut output = io::stdout().lock();
    output
        .write_all(&hash)
        .and_then(|()| output.write_all(&code))
        .and_then(|()| output.flush())
        .map_err(Refused::Output)
}
