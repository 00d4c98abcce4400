//! The one place where bytes become native code.

use wasmtime::Engine;
use wasmtime::component::Component;

use super::Precompiled;

/// Loads what this host has compiled. The engine checks that it was made for its version and settings.
pub(super) fn component(engine: &Engine, code: &Precompiled) -> wasmtime::Result<Component> {
    // SAFETY: the bytes must be what `Engine::precompile_component` made. A `Precompiled` is made in two places only: from
    // what a child of this process, running the compiler, wrote to a file that nobody else could open; and from a file
    // whose seal, made by this host with a key that only its user can read, is right for this very component and engine.
    // They are read to memory before they are checked, so nobody can change them afterwards.
    #[allow(unsafe_code, reason = "loading native code cannot be safe; its origin is checked above")]
    unsafe {
        Component::deserialize(engine, code.code())
    }
}
