//! The engines: one for plain handlers, one with the component model's async features for handlers that await.
//!
//! The second exists only for plugins that export the async world, since that part of the engine is younger: what is
//! wrong there must not reach the others.

use std::hash::{Hash, Hasher};

use sha2::{Digest, Sha256};
use wasmtime::component::{HasSelf, Linker};
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::bindings;
use crate::code::EngineHash;
use crate::imports;
use crate::inspect::World;
use crate::limits::{
    CORE_INSTANCES_PER_GUEST_MAX, FIBER_BYTES, GUESTS_MAX, MEMORIES_PER_GUEST_MAX, MEMORY_BYTES_MAX, STACK_BYTES_MAX,
    TABLE_ELEMENTS_MAX, TABLES_PER_GUEST_MAX,
};
use crate::state::GuestState;
use crate::ticker::{Attendance, Ticker};

/// How large the sandbox is.
#[derive(Clone, Debug)]
pub struct SandboxConfig {
    /// Guests that may live at once in each engine. Address space is reserved for them, memory is not.
    pub guests_max: u32,
}

impl Default for SandboxConfig {
    fn default() -> Self {
        Self { guests_max: GUESTS_MAX }
    }
}

/// The machine cannot give what the sandbox needs.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The engine could not be set up: usually address space, or the kernel's limit of mappings.
    #[error(
        "cannot set up the WebAssembly engine for {guests_max} guests: {reason}; lower the number, or raise vm.max_map_count"
    )]
    Engine {
        /// How many guests were asked for.
        guests_max: u32,
        /// The engine's words.
        reason: String,
    },
    /// The epoch ticker's thread could not be started.
    #[error("cannot start the epoch ticker: {0}")]
    Ticker(#[source] std::io::Error),
}

/// Both engines with their linkers, and the ticker. Plugins keep it alive.
pub struct Sandbox {
    plain: Side,
    awaiting: Side,
    // Dropped last: guests of either side may need it until they are gone.
    ticker: Ticker,
}

pub(crate) struct Side {
    pub(crate) engine: Engine,
    /// What its code depends on.
    pub(crate) hash: EngineHash,
    pub(crate) linker: Linker<GuestState>,
}

impl Sandbox {
    /// Sets both engines up and starts the ticker.
    pub fn new(config: &SandboxConfig) -> Result<Self, SandboxError> {
        let failed = |reason: wasmtime::Error| SandboxError::Engine {
            guests_max: config.guests_max,
            reason: format!("{reason:#}"),
        };
        let plain = Side::new(World::CallHandler, config).map_err(failed)?;
        let awaiting = Side::new(World::CallHandlerAsync, config).map_err(failed)?;
        let ticker =
            Ticker::start(vec![plain.engine.clone(), awaiting.engine.clone()]).map_err(SandboxError::Ticker)?;
        Ok(Self { plain, awaiting, ticker })
    }

    pub(crate) fn side(&self, world: World) -> &Side {
        match world {
            World::CallHandler | World::MessageHandler => &self.plain,
            World::CallHandlerAsync => &self.awaiting,
        }
    }

    pub(crate) fn attend(&self) -> Attendance {
        self.ticker.attend()
    }
}

impl Side {
    fn new(world: World, config: &SandboxConfig) -> wasmtime::Result<Self> {
        let engine = Engine::new(&engine_config(world, config.guests_max))?;
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        bindings::plain::CallHandler::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
        bindings::chat::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
        bindings::messages::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
        imports::bind_by_hand(&mut linker)?;
        imports::bind_wasi_http(&mut linker)?;
        let hash = engine_hash(&engine);
        Ok(Self { engine, hash, linker })
    }
}

/// A component by QuickJS has two memories, most have one; one guest alone may have all that a guest may have.
fn engine_config(world: World, guests_max: u32) -> Config {
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(guests_max)
        .total_core_instances(guests_max.saturating_mul(CORE_INSTANCES_PER_GUEST_MAX))
        .total_memories(guests_max.saturating_mul(2).max(MEMORIES_PER_GUEST_MAX))
        .total_tables(guests_max.saturating_mul(TABLES_PER_GUEST_MAX))
        .total_stacks(guests_max)
        .max_core_instances_per_component(CORE_INSTANCES_PER_GUEST_MAX)
        .max_memories_per_component(MEMORIES_PER_GUEST_MAX)
        .max_tables_per_component(TABLES_PER_GUEST_MAX)
        .max_memory_size(MEMORY_BYTES_MAX)
        .table_elements(TABLE_ELEMENTS_MAX);
    let mut config = code_config(world);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}

/// All that code depends on. An engine that only compiles needs no more, and takes no address space for guests.
pub(crate) fn code_config(world: World) -> Config {
    let mut config = Config::new();
    config
        .memory_reservation(MEMORY_BYTES_MAX as u64)
        .memory_guard_size(64 << 10)
        .max_wasm_stack(STACK_BYTES_MAX)
        .async_stack_size(FIBER_BYTES)
        .epoch_interruption(true)
        .concurrency_support(world == World::CallHandlerAsync)
        .wasm_memory64(false)
        .wasm_relaxed_simd(false);
    config
}

/// The digest of what an engine's code depends on: the engine's version, its settings and the processor's features.
pub(crate) fn engine_hash(engine: &Engine) -> EngineHash {
    let mut digester = Digester(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut digester);
    EngineHash(digester.0.finalize().into())
}

/// Collects what is hashed.
struct Digester(Sha256);

impl Hasher for Digester {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Nobody asks: the digest is taken as a whole.
    fn finish(&self) -> u64 {
        0
    }
}
