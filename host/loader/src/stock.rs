//! From bytes to a version that can be made live: the registry and the compiler, and a guest to try it.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use exchange::PluginVersion;
use registry::{Milestones, Origin, PluginEntry, Provenance, Registry, RegistryError, Version};
use sandbox::{Compiler, GuestSetup, Loaded, Plugin};
use tokio::sync::Semaphore;

use crate::error::LoadRefused;
use crate::limits::TRIES_MAX;
use crate::loader::{ms, unix_ms};
use crate::source::{Checked, Source};

/// What makes and keeps versions. Cheap to clone.
#[derive(Clone)]
pub struct Stock {
    registry: Registry,
    compiler: Arc<Compiler>,
    tries: Arc<Semaphore>,
}

/// A version that works, and what it took.
pub(crate) struct Made {
    pub(crate) plugin: Plugin,
    pub(crate) compiled_in: Option<Duration>,
}

impl Stock {
    /// Of one data directory.
    pub fn new(registry: Registry, compiler: Arc<Compiler>) -> Self {
        Self { registry, compiler, tries: Arc::new(Semaphore::new(TRIES_MAX)) }
    }

    /// What a plugin's first calls get: what was made live last, else what its file has. `None`: its source is asked later.
    ///
    /// # Errors
    /// Neither can be used.
    pub async fn first(
        &self,
        tenant: &str,
        plugin: &str,
        source: &Source,
        setup: &GuestSetup,
    ) -> Result<Option<PluginVersion>, LoadRefused> {
        if let Some(version) = self.kept(tenant, plugin, setup).await? {
            return Ok(Some(version));
        }
        let Source::File(_) = source else { return Ok(None) };
        Ok(Some(self.begin(tenant, plugin, source.read().await?, setup).await?))
    }

    /// What was made live last, if it can be used.
    pub(crate) async fn kept(
        &self,
        tenant: &str,
        plugin: &str,
        setup: &GuestSetup,
    ) -> Result<Option<PluginVersion>, LoadRefused> {
        let entry = self.entry(tenant, plugin).await?;
        let Some(live) = entry.as_ref().and_then(|entry| version_of(entry, entry.live.live)) else { return Ok(None) };
        match self.version(tenant, plugin, live, setup).await {
            Ok((version, _)) => Ok(Some(version)),
            Err(why) => {
                let number = live.number;
                tracing::warn!(tenant, plugin, number, %why, "what was live cannot be used: its source is asked");
                Ok(None)
            }
        }
    }

    /// Keeps what a source has, and makes it live for the next start.
    pub(crate) async fn begin(
        &self,
        tenant: &str,
        plugin: &str,
        checked: Checked,
        setup: &GuestSetup,
    ) -> Result<PluginVersion, LoadRefused> {
        let Checked { wasm, origin, by } = checked;
        let made = self.make(plugin, wasm.clone(), setup).await?;
        let number = self.acknowledge(tenant, plugin, wasm, origin, by).await?.number;
        self.set_live(tenant, plugin, move |registry, tenant, plugin| registry.promote(tenant, plugin, number)).await?;
        let live_unix_ms = Some(unix_ms(SystemTime::now()));
        let new = Milestones { compile_ms: made.compiled_in.map(ms), live_unix_ms, ..Milestones::default() };
        self.note(tenant, plugin, number, new).await?;
        self.numbered(tenant, plugin, number, made.plugin).await
    }

    /// Checks and compiles a component, and makes a guest of it once.
    pub(crate) async fn make(&self, name: &str, wasm: Arc<[u8]>, setup: &GuestSetup) -> Result<Made, LoadRefused> {
        let Loaded { plugin, compiled_in } = self.compiler.load(name, wasm).await?;
        let _turn = self.tries.acquire().await.map_err(|_| LoadRefused::Host("it ends".to_owned()))?;
        plugin.try_out(setup).await?;
        Ok(Made { plugin, compiled_in })
    }

    /// A version of the registry, made.
    pub(crate) async fn version(
        &self,
        tenant: &str,
        plugin: &str,
        version: &Version,
        setup: &GuestSetup,
    ) -> Result<(PluginVersion, Option<Duration>), LoadRefused> {
        let digest = version.digest;
        let wasm = self.ask(move |registry| registry.bytes(&digest)).await?;
        let made = self.make(plugin, wasm.into(), setup).await?;
        Ok((self.numbered(tenant, plugin, version.number, made.plugin).await?, made.compiled_in))
    }

    /// Puts a version into the registry. Answered: it is on the disk.
    pub(crate) async fn acknowledge(
        &self,
        tenant: &str,
        plugin: &str,
        wasm: Arc<[u8]>,
        origin: Origin,
        by: &str,
    ) -> Result<Version, LoadRefused> {
        let at_unix_s = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let provenance = Provenance { origin, by: by.to_owned(), at_unix_s };
        let (tenant, plugin) = (tenant.to_owned(), plugin.to_owned());
        self.ask(move |registry| {
            let component = registry.put(&wasm)?;
            registry.add(&tenant, &plugin, &component, provenance)
        })
        .await
    }

    /// Changes what is live for the next start.
    pub(crate) async fn set_live<T: Send + 'static>(
        &self,
        tenant: &str,
        plugin: &str,
        change: impl FnOnce(&Registry, &str, &str) -> Result<T, RegistryError> + Send + 'static,
    ) -> Result<T, LoadRefused> {
        let (tenant, plugin) = (tenant.to_owned(), plugin.to_owned());
        self.ask(move |registry| change(registry, &tenant, &plugin)).await
    }

    /// Adds to what is known of a version.
    pub(crate) async fn note(
        &self,
        tenant: &str,
        plugin: &str,
        number: u64,
        new: Milestones,
    ) -> Result<(), LoadRefused> {
        let (tenant, plugin) = (tenant.to_owned(), plugin.to_owned());
        self.ask(move |registry| registry.note(&tenant, &plugin, number, new)).await
    }

    /// What the registry has of a plugin.
    pub(crate) async fn entry(&self, tenant: &str, plugin: &str) -> Result<Option<PluginEntry>, LoadRefused> {
        let (tenant, plugin) = (tenant.to_owned(), plugin.to_owned());
        self.ask(move |registry| registry.plugin(&tenant, &plugin)).await
    }

    async fn numbered(
        &self,
        tenant: &str,
        plugin: &str,
        number: u64,
        made: Plugin,
    ) -> Result<PluginVersion, LoadRefused> {
        let (tenant, plugin) = (tenant.to_owned(), plugin.to_owned());
        let hold = self.ask(move |registry| registry.hold(&tenant, &plugin, number)).await?;
        Ok(PluginVersion::numbered(made, number, hold))
    }

    /// Asks the registry, where no call waits for its disk.
    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Registry) -> Result<T, RegistryError> + Send + 'static,
    ) -> Result<T, LoadRefused> {
        let registry = self.registry.clone();
        let asked = tokio::task::spawn_blocking(move || question(&registry)).await;
        Ok(asked.map_err(|error| LoadRefused::Host(error.to_string()))??)
    }
}

pub(crate) fn version_of(entry: &PluginEntry, number: Option<u64>) -> Option<&Version> {
    entry.versions.iter().find(|version| Some(version.number) == number)
}
