//! From the configuration's plugins to what their first calls get.
//!
//! A host with a data directory serves what was live when it ended, compiles in processes of its own and keeps what comes
//! of it; one without, and a command that runs one plugin once, compiles its file where it is.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use exchange::PluginVersion;
use loader::{LoadRefused, Stock};
use sandbox::{LoadError, Plugin, Sandbox};
use tokio::task::JoinSet;

use crate::config::{Config, Source};
use crate::running;
use crate::services::Services;

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
    /// Neither what was live nor what its source has can be used.
    #[error("{source_name}: {error}")]
    Unusable {
        /// Its source.
        source_name: String,
        /// Why.
        error: LoadRefused,
    },
}

/// What the first calls of each plugin get, by tenant and plugin.
#[derive(Debug, Default)]
pub struct Plugins(HashMap<(String, String), PluginVersion>);

/// One plugin to be loaded.
struct Wanted {
    key: (String, String),
    source: Source,
    setup: sandbox::GuestSetup,
}

impl Plugins {
    /// Loads each file once, however many plugins name it. Those that cannot be used are told, in the order of the
    /// configuration. What an OCI registry has comes later, by whatever watches the sources.
    pub async fn load(
        config: &Config,
        sandbox: &Arc<Sandbox>,
        stock: Option<&Stock>,
        services: &Services,
    ) -> (Self, Vec<PluginError>) {
        let mut by_source: Vec<(String, Vec<Wanted>)> = Vec::new();
        for tenant in &config.tenants {
            for plugin in &tenant.plugins {
                let wanted = Wanted {
                    key: (tenant.name.to_string(), plugin.name.to_string()),
                    source: plugin.source.clone(),
                    setup: running::guest_setup(tenant, plugin, services),
                };
                let source = plugin.source.to_string();
                match by_source.iter_mut().find(|(known, _)| *known == source) {
                    Some((_, list)) => list.push(wanted),
                    None => by_source.push((source, vec![wanted])),
                }
            }
        }
        let mut loading = JoinSet::new();
        for (place, (_, list)) in by_source.into_iter().enumerate() {
            let (sandbox, stock) = (sandbox.clone(), stock.cloned());
            loading.spawn(async move {
                let loaded = match stock {
                    Some(stock) => load_kept(&stock, list).await,
                    None => load_once(&sandbox, list),
                };
                (place, loaded)
            });
        }
        let mut done = loading.join_all().await;
        done.sort_by_key(|(place, _)| *place);
        let (mut plugins, mut errors) = (HashMap::new(), Vec::new());
        for (versions, refused) in done.into_iter().map(|(_, loaded)| loaded) {
            plugins.extend(versions);
            errors.extend(refused);
        }
        (Self(plugins), errors)
    }

    /// What the first calls of a plugin get. None: it could not be loaded.
    pub fn take(&mut self, tenant: &str, plugin: &str) -> Option<PluginVersion> {
        self.0.remove(&(tenant.to_owned(), plugin.to_owned()))
    }
}

type Versions = (Vec<((String, String), PluginVersion)>, Vec<PluginError>);

async fn load_kept(stock: &Stock, list: Vec<Wanted>) -> Versions {
    let (mut versions, mut errors) = (Vec::new(), Vec::new());
    for Wanted { key, source, setup } in list {
        match stock.first(&key.0, &key.1, &running::loader_source(&source), &setup).await {
            Ok(Some(version)) => versions.push((key, version)),
            Ok(None) => {}
            // It names the file itself.
            Err(LoadRefused::Unreadable { path, error }) => {
                errors.push(PluginError::Unreadable { path: path.into(), error });
            }
            Err(error) => errors.push(PluginError::Unusable { source_name: source.to_string(), error }),
        }
    }
    (versions, errors)
}

fn load_once(sandbox: &Arc<Sandbox>, list: Vec<Wanted>) -> Versions {
    let Some(Source::File(path)) = list.first().map(|wanted| wanted.source.clone()) else { return Versions::default() };
    match load_plugin(sandbox, &path) {
        Ok(plugin) => {
            let version = |wanted: Wanted| (wanted.key, plugin.clone().into());
            (list.into_iter().map(version).collect(), Vec::new())
        }
        Err(error) => (Vec::new(), vec![error]),
    }
}

/// Reads, checks and compiles a component in this process.
///
/// # Errors
/// The file cannot be read, or is not a handler.
pub fn load_plugin(sandbox: &Arc<Sandbox>, path: &Path) -> Result<Plugin, PluginError> {
    let wasm = std::fs::read(path).map_err(|error| PluginError::Unreadable { path: path.to_owned(), error })?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    Plugin::load(sandbox, &name, &wasm).map_err(|error| PluginError::Refused { path: path.to_owned(), error })
}
