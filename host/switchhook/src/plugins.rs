//! From the files of components to plugins that can be run.
//!
//! A host that serves calls compiles in processes of its own and keeps what came of it, if it has a data directory; a
//! command that runs one plugin once compiles it where it is.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sandbox::{Compiler, LoadError, Loaded, Plugin, Sandbox};
use tokio::task::JoinSet;

use crate::config::Config;

/// A plugin that cannot be used. Its calls are left to others; the host goes on without it.
#[derive(Debug, thiserror::Error)]
pub enum PluginError {
    /// The file cannot be read.
    #[error("{}: the plugin cannot be read: {error}: build it, or correct `source`", path.display())]
    Unreadable {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// It is no handler that this host can run.
    #[error("{}: {error}", path.display())]
    Refused {
        /// Which one.
        path: PathBuf,
        /// Why.
        error: LoadError,
    },
}

/// The plugins of a configuration, by their files.
#[derive(Debug, Default)]
pub struct Plugins(HashMap<PathBuf, Plugin>);

impl Plugins {
    /// Loads each file once, however many plugins name it. Those that cannot be used are told, in the order of the file.
    pub async fn load(
        config: &Config,
        sandbox: &Arc<Sandbox>,
        compiler: Option<&Arc<Compiler>>,
    ) -> (Self, Vec<PluginError>) {
        let mut paths: Vec<&PathBuf> = Vec::new();
        for plugin in config.tenants.iter().flat_map(|tenant| &tenant.plugins) {
            if !paths.contains(&&plugin.source) {
                paths.push(&plugin.source);
            }
        }
        let mut loading = JoinSet::new();
        for (place, path) in paths.into_iter().enumerate() {
            let (path, sandbox, compiler) = (path.clone(), sandbox.clone(), compiler.cloned());
            loading.spawn(async move {
                let loaded = match compiler {
                    Some(compiler) => load_with(&compiler, &path).await,
                    None => load_plugin(&sandbox, &path),
                };
                (place, path, loaded)
            });
        }
        let mut done = loading.join_all().await;
        done.sort_by_key(|(place, ..)| *place);
        let (mut plugins, mut errors) = (HashMap::new(), Vec::new());
        for (_, path, loaded) in done {
            match loaded {
                Ok(plugin) => drop(plugins.insert(path, plugin)),
                Err(error) => errors.push(error),
            }
        }
        (Self(plugins), errors)
    }

    /// The plugin of a file. None: it could not be loaded.
    pub fn get(&self, path: &Path) -> Option<Plugin> {
        self.0.get(path).cloned()
    }
}

/// Reads, checks and compiles a component in this process.
///
/// # Errors
/// The file cannot be read, or is not a handler.
pub fn load_plugin(sandbox: &Arc<Sandbox>, path: &Path) -> Result<Plugin, PluginError> {
    let wasm = read(path)?;
    Plugin::load(sandbox, &name(path), &wasm).map_err(|error| PluginError::Refused { path: path.to_owned(), error })
}

async fn load_with(compiler: &Arc<Compiler>, path: &Path) -> Result<Plugin, PluginError> {
    let loaded = compiler.load(&name(path), read(path)?.into()).await;
    let Loaded { plugin, compiled_in } =
        loaded.map_err(|error| PluginError::Refused { path: path.to_owned(), error })?;
    if let Some(time) = compiled_in {
        let (path, version) = (path.display(), plugin.version());
        tracing::info!(%path, version, compile_ms = time.as_millis() as u64, "plugin compiled");
    }
    Ok(plugin)
}

fn read(path: &Path) -> Result<Vec<u8>, PluginError> {
    std::fs::read(path).map_err(|error| PluginError::Unreadable { path: path.to_owned(), error })
}

fn name(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}
