//! The components that tests run, compiled once for the whole binary.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use sandbox::{NativeHandler, Plugin, Sandbox, SandboxConfig};

/// The repository's root.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The program that cargo built beside this one, if it did.
pub fn program() -> Option<PathBuf> {
    let folder = std::env::current_exe().ok()?.parent()?.parent()?.to_owned();
    Some(folder.join(format!("switchhook{}", std::env::consts::EXE_SUFFIX))).filter(|path| path.exists())
}

/// The sandbox that all tests share, as one host's calls do.
pub fn sandbox() -> &'static Arc<Sandbox> {
    static SANDBOX: LazyLock<Arc<Sandbox>> =
        LazyLock::new(|| Arc::new(Sandbox::new(&SandboxConfig { guests_max: 600 }).expect("a sandbox for 600 guests")));
    &SANDBOX
}

/// The bytes of a component: `echo` and the like from `plugins/`, `cookbook/menu` and the like from `target/`, the rest from
/// `target/guests/`.
pub fn bytes(name: &str) -> Vec<u8> {
    let folders = ["plugins", "target/guests", "target"].map(|folder| root().join(folder));
    let found = folders.iter().map(|folder| folder.join(format!("{name}.wasm"))).find(|path| path.exists());
    let path = found.unwrap_or_else(|| panic!("{name}.wasm is not built: run `cargo xtask plugins`"));
    std::fs::read(path).expect("a built component can be read")
}

/// Makes a handler in native code known as a component of this name.
pub fn native(name: &str, handler: NativeHandler) {
    let mut plugins = PLUGINS.lock().unwrap_or_else(PoisonError::into_inner);
    plugins.entry(name.to_string()).or_insert_with(|| Plugin::native(sandbox(), name, handler));
}

/// Makes these bytes known as a component of this name.
pub fn known(name: &str, wasm: &[u8]) {
    let mut plugins = PLUGINS.lock().unwrap_or_else(PoisonError::into_inner);
    let load = || Plugin::load(sandbox(), name, wasm).expect("it is a handler");
    plugins.entry(name.to_string()).or_insert_with(load);
}

static PLUGINS: LazyLock<Mutex<HashMap<String, Plugin>>> = LazyLock::new(Mutex::default);

/// A compiled component.
pub fn plugin(name: &str) -> Plugin {
    // A test that failed here must not fail the others.
    let mut plugins = PLUGINS.lock().unwrap_or_else(PoisonError::into_inner);
    let plain = name.rsplit('/').next().unwrap_or(name);
    let load = || Plugin::load(sandbox(), plain, &bytes(name)).expect("a built component loads");
    plugins.entry(name.to_string()).or_insert_with(load).clone()
}
