//! Runs call handlers as sandboxed WebAssembly components: one instance for one call.
//!
//! [`Sandbox`] holds the engines and compiles a component into a [`Plugin`]. [`Plugin::prepare`] instantiates it while the
//! phone rings, [`Prepared::serve`] hands it a call, and the [`Guest`] is then polled by the call's task between the
//! carrier's reads and writes. A guest shares exactly one thing with that task: the [`SharedCall`].
//!
//! A [`Compiler`] makes plugins as well, in a process of its own and with a cache: what a host that serves calls uses.
//!
//! Nothing that a guest does reaches further than its own call. It is stopped at its memory, its stack, its processor time
//! and its silence, and every way to end has a name in [`GuestEnd`].

mod account;
mod bindings;
mod clock;
mod code;
mod engine;
mod guest;
mod imports;
mod inspect;
pub mod limits;
mod memory;
mod network;
mod plugin;
mod prefetch;
mod recording;
mod shared;
mod shared_chat;
mod state;
mod stdio;
mod ticker;
mod wait;

pub use account::{Held, MemoryAccount};
pub use clock::GuestClock;
pub use code::{CodeCacheError, CompileChild, CompileCost, CompileLimits, Compiler, Loaded, compile_here};
pub use engine::{Sandbox, SandboxConfig, SandboxError};
pub use guest::{Guest, GuestEnd, GuestLimits, TrapKind};
pub use inspect::{INTERFACE, Import, InspectError, Inspection, World, inspect};
pub use plugin::{GuestSetup, LoadError, NativeHandler, Plugin, Prepared, PreparedChat, StartError};
pub use prefetch::{Ahead, NEAR_PIECES, Piece};
pub use shared::{CallGuard, SharedCall};
pub use shared_chat::{ChatGuard, SharedChat};
