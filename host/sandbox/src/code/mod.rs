//! Machine code: compiled in a process of its own, kept in a cache, and loaded only when it is ours.
//!
//! A precompiled component is native code: whoever chooses its bytes owns the host. So there is one type for bytes that may
//! be loaded, [`Precompiled`], and two places that make one: the end of a compilation by a child of this process, and the
//! cache after it has checked the file's seal. Compiling is where hostile input meets the most code; it happens in a child
//! with little memory, little time and no secrets, so that a component that is a bomb costs its own push and nothing else.

mod cache;
mod child;
mod compile;
mod load;
mod seal;

use std::sync::Arc;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

pub use cache::CodeCacheError;
pub use child::{CompileChild, CompileCost};
pub use compile::{CompileLimits, compile_here};

use crate::engine::Sandbox;
use crate::inspect::{Inspection, World, inspect};
use crate::limits::{COMPILES_MAX, COMPILES_WAITING_MAX};
use crate::plugin::{LoadError, Plugin};
use cache::{Cache, Name};

/// What an engine's code depends on, of one engine: equal for engines that can use each other's code.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct EngineHash(pub(crate) [u8; 32]);

/// Code that this host has compiled. Nothing else is loaded.
pub(crate) struct Precompiled {
    engine: EngineHash,
    /// What precedes the code, then the code.
    bytes: Vec<u8>,
    code_at: usize,
}

impl Precompiled {
    pub(crate) fn code(&self) -> &[u8] {
        &self.bytes[self.code_at..]
    }
}

/// Compiles components in children of this process, and keeps what came of it in a folder of the data directory.
pub struct Compiler {
    sandbox: Arc<Sandbox>,
    cache: Cache,
    child: CompileChild,
    limits: CompileLimits,
    /// One permit for each child that may run.
    children: Semaphore,
    /// One permit for each component that may be waiting for one, or in one.
    places: Semaphore,
}

/// A plugin, and what it took to get it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The plugin.
    pub plugin: Plugin,
    /// How long compiling took. None: the code was in the cache.
    pub compiled_in: Option<Duration>,
}

impl Compiler {
    /// Opens the folder `code` of a data directory, or makes it.
    ///
    /// # Errors
    /// The folder is not this user's alone and cannot be made so, or the system's.
    pub fn open(
        sandbox: Arc<Sandbox>,
        data_dir: &std::path::Path,
        child: CompileChild,
        limits: CompileLimits,
    ) -> Result<Self, CodeCacheError> {
        let cache = Cache::open(data_dir, limits.cache_bytes_max)?;
        let (children, places) = (Semaphore::new(COMPILES_MAX), Semaphore::new(COMPILES_WAITING_MAX));
        Ok(Self { sandbox, cache, child, limits, children, places })
    }

    /// Makes a plugin of a component: from the cache in milliseconds, else by a child, which may take until its deadline.
    ///
    /// # Errors
    /// It is no handler, it does not compile within its limits, too many others are being compiled, or the child or the
    /// disk fails.
    pub async fn load(self: &Arc<Self>, name: &str, wasm: Arc<[u8]>) -> Result<Loaded, LoadError> {
        let job = Job { compiler: self.clone(), plugin: name.to_owned(), wasm: wasm.clone() };
        let (inspection, digest) = aside(move || Ok((inspect(&wasm)?, Sha256::digest(&wasm).into()))).await?;
        let (job, found) = off_thread(move || job.look_up(inspection, digest)).await?;
        let (inspection, name) = match found? {
            Found::Plugin(plugin) => return Ok(Loaded { plugin, compiled_in: None }),
            Found::Nothing(inspection, name) => (inspection, name),
        };
        let _place = self.places.try_acquire().map_err(|_| LoadError::Busy { compiles_max: COMPILES_WAITING_MAX })?;
        let _child = self.children.acquire().await.expect("this semaphore is never closed");
        let start = Instant::now();
        let unfinished = self.cache.begin().map_err(|error| LoadError::Compiler(error.to_string()))?;
        self.child.run(&self.limits, &job.wasm, unfinished.output().map_err(not_written)?).await?;
        let compiled_in = Some(start.elapsed());
        let plugin = off_thread(move || {
            let code = job.compiler.cache.finish(unfinished, &name)?;
            job.plugin(&code, inspection, &name)
        });
        Ok(Loaded { plugin: plugin.await??, compiled_in })
    }
}

/// One component on its way.
struct Job {
    compiler: Arc<Compiler>,
    plugin: String,
    wasm: Arc<[u8]>,
}

enum Found {
    Plugin(Plugin),
    Nothing(Inspection, Name),
}

impl Job {
    fn look_up(self, inspection: Inspection, digest: [u8; 32]) -> (Self, Result<Found, LoadError>) {
        let name = Name::new(digest, self.engine(inspection.world));
        let found = match self.compiler.cache.get(&name) {
            None => Ok(Found::Nothing(inspection, name)),
            Some(code) => match self.plugin(&code, inspection.clone(), &name) {
                // The seal is right and the engine does not take it: as if it were not there.
                Err(LoadError::Compile(reason)) => {
                    self.compiler.cache.distrust(&name, &reason);
                    Ok(Found::Nothing(inspection, name))
                }
                other => other.map(Found::Plugin),
            },
        };
        (self, found)
    }

    fn engine(&self, world: World) -> EngineHash {
        self.compiler.sandbox.side(world).hash
    }

    fn plugin(&self, code: &Precompiled, inspection: Inspection, name: &Name) -> Result<Plugin, LoadError> {
        let side = self.compiler.sandbox.side(inspection.world);
        if code.engine != side.hash {
            return Err(LoadError::Compile("it was compiled for another engine".to_owned()));
        }
        let component =
            load::component(&side.engine, code).map_err(|error| LoadError::Compile(format!("{error:#}")))?;
        Plugin::link(&self.compiler.sandbox, &self.plugin, name.component(), inspection, &component)
    }
}

fn not_written(error: std::io::Error) -> LoadError {
    LoadError::Compiler(format!("the code cannot be written: {error}: make room in `data_dir`"))
}

/// Computes on a thread that is less important than those of calls, and ends: whoever brings a component chooses how long
/// reading it takes.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LoadError> + Send + 'static,
) -> Result<T, LoadError> {
    let (tell, told) = tokio::sync::oneshot::channel();
    let run = move || {
        // It may already be as unimportant as that.
        let _ = rustix::process::nice(compile::NICE);
        // Nobody may wait for it any more.
        drop(tell.send(work()));
    };
    let started = std::thread::Builder::new().name("inspecting".to_owned()).spawn(run);
    started.map_err(|error| LoadError::Compiler(format!("it could not be read: {error}: allow more threads")))?;
    told.await.map_err(|_| LoadError::Compiler("reading it failed".to_owned()))?
}

/// Runs what waits for the disk where no call waits for it.
async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, LoadError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| LoadError::Compiler(format!("it could not be run: {error}")))
}
