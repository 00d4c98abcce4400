//! A running host reads its configuration anew: after a signal, when the file changes, and when somebody asks for it.
//!
//! The whole of it is read, compared with what runs, and tried (secrets, certificates, the components of new plugins) before
//! anything changes. What is found wrong is told as at a start, and then nothing has changed. What is equal is not touched.

mod diff;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};
use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use admin::{ReloadRefused, Reloaded, Watch};
use exchange::{ConnectorReload, Handle, PluginConfig, PluginReload, TenantReload};
use loader::{Checked, Loader, Sources};
use parking_lot::Mutex as Lock;
use registry::source::FileSource;
use tokio::sync::{Mutex, Notify};

pub use self::diff::{Change, How, What};
use self::diff::{diff, fixed, token_changed};
use crate::config::{self, Config, Plugin, Tenant};
use crate::running;
use crate::services::Services;

/// Reads the configuration of a running host anew. Cheap to clone.
#[derive(Clone)]
pub struct Reloader(Arc<Inner>);

struct Inner {
    file: PathBuf,
    handle: Handle,
    loader: Option<Loader>,
    watch: Arc<Watch>,
    changed: Arc<Notify>,
    files: Lock<Watched>,
    /// Held for a whole reload: they follow one another.
    running: Mutex<Running>,
}

/// What the host runs on.
struct Running {
    config: Config,
    services: Services,
    sources: Option<Sources>,
}

/// The files that the configuration is made of.
struct Watched {
    source: FileSource,
    paths: BTreeSet<PathBuf>,
}

/// What was found out about a wanted configuration before anything changes.
#[derive(Default)]
struct Tried {
    /// What the sources of new plugins have, by tenant and plugin.
    new: HashMap<(String, String), Checked>,
    connectors: HashMap<(String, String), exchange::ConnectorConfig>,
    problems: Vec<String>,
}

impl Reloader {
    /// For a host that runs on this. From now on it hears when the file, or one that it names, changes.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn new(
        config: Config,
        services: Services,
        handle: Handle,
        loader: Option<Loader>,
        watch: Arc<Watch>,
    ) -> io::Result<Self> {
        let changed = Arc::new(Notify::new());
        let tell = changed.clone();
        let source = FileSource::plain(move |_, _| tell.notify_one())?;
        let sources = loader.as_ref().map(Loader::watch).transpose()?;
        let (file, files) = (config.file.clone(), Lock::new(Watched { source, paths: BTreeSet::new() }));
        let running = Mutex::new(Running { config, services, sources });
        let reloader = Self(Arc::new(Inner { file, handle, loader, watch, changed, files, running }));
        if let Ok(running) = reloader.0.running.try_lock() {
            reloader.watch(&running.config);
        }
        Ok(reloader)
    }

    /// Waits until one of the files has changed and come to rest.
    pub async fn changed(&self) {
        self.0.changed.notified().await;
    }

    /// Reads the configuration and makes it the one that runs, or says why not. It is done as a whole, also when nobody
    /// waits for it any more.
    ///
    /// # Errors
    /// Nothing has changed.
    pub async fn reload(&self) -> Result<Reloaded, ReloadRefused> {
        let reloader = self.clone();
        let reloading = tokio::spawn(async move {
            let outcome = reloader.change(&mut *reloader.0.running.lock().await).await;
            reloader.tell(&outcome);
            outcome
        });
        reloading.await.unwrap_or_else(|error| Err(ReloadRefused::Problems(vec![error.to_string()])))
    }

    /// Closes what plugins may reach, once there are no more calls.
    pub async fn close(&self) {
        let mut running = self.0.running.lock().await;
        running.sources = None;
        running.services.close().await;
    }

    async fn change(&self, running: &mut Running) -> Result<Reloaded, ReloadRefused> {
        if !self.0.handle.is_open() {
            return Err(ReloadRefused::Draining);
        }
        let mut wanted = self.read().await?;
        let fixed = fixed(&running.config, &wanted);
        if !fixed.is_empty() {
            let file = self.0.file.display();
            return Err(ReloadRefused::Problems(fixed.iter().map(|what| format!("{file}: {what}")).collect()));
        }
        let changes = diff(&running.config, &wanted);
        if !changes.is_empty() {
            self.make(running, &wanted, &changes).await?;
        }
        let mut told: Vec<String> = changes.iter().map(Change::to_string).collect();
        if let (Some(admin), Some(wanted_admin)) = (&running.config.admin, &mut wanted.admin) {
            // The one that the interface asks stays the one.
            admin.access.become_like(&wanted_admin.access);
            wanted_admin.access = admin.access.clone();
        }
        if token_changed(&running.config, &wanted) {
            told.push("admin.token changed: it holds from the next request on".to_owned());
        }
        self.watch(&wanted);
        running.config = wanted;
        Ok(Reloaded { changes: told })
    }

    async fn read(&self) -> Result<Config, ReloadRefused> {
        let file = self.0.file.clone();
        let reading = tokio::task::spawn_blocking(move || config::load(&file, &|name| std::env::var_os(name)));
        let read = reading.await.map_err(|error| problem(error.to_string()))?;
        read.map_err(|problems| ReloadRefused::Problems(problems.to_string().lines().map(str::to_owned).collect()))
    }

    /// Tries everything, then changes everything.
    async fn make(&self, running: &mut Running, wanted: &Config, changes: &[Change]) -> Result<(), ReloadRefused> {
        let (services, config) = (running.services.clone(), wanted.clone());
        let opening = tokio::task::spawn_blocking(move || services.with(&config));
        let opened = opening.await.map_err(|error| problem(error.to_string()))?;
        // What is open stays open, whatever else is wrong.
        running.services = opened.map_err(|error| problem(error.to_string()))?;
        let mut tried = Tried::default();
        for tenant in &wanted.tenants {
            self.try_tenant(tenant, changes, &running.services, &mut tried).await;
        }
        if !tried.problems.is_empty() {
            return Err(ReloadRefused::Problems(tried.problems));
        }
        let mut tenants = Vec::new();
        for tenant in &wanted.tenants {
            tenants.push(self.tenant(tenant, changes, &running.services, &mut tried).await?);
        }
        self.0.handle.reload(exchange::Reload { tenants }).map_err(|refused| match refused {
            exchange::ReloadRefused::Draining => ReloadRefused::Draining,
            exchange::ReloadRefused::Unknown(_) => problem(refused.to_string()),
        })?;
        if let Some(loader) = &self.0.loader {
            loader.host(running::hosted(wanted, &self.0.handle));
            if let Some(sources) = &mut running.sources {
                loader.follow(sources);
            }
        }
        Ok(())
    }

    async fn try_tenant(&self, tenant: &Tenant, changes: &[Change], services: &Services, tried: &mut Tried) {
        let name = tenant.name.to_string();
        for connector in &tenant.connectors {
            if how(changes, tenant, &What::Connector(connector.name.clone(), How::Added)).is_none() {
                continue;
            }
            let key = (name.clone(), connector.name.to_string());
            match running::connector_config(connector) {
                Ok(config) => drop(tried.connectors.insert(key, config)),
                Err(error) => tried.problems.push(format!("tenant {name}: connector {}: {error}", connector.name)),
            }
        }
        for plugin in &tenant.plugins {
            let how = how(changes, tenant, &What::Plugin(plugin.name.clone(), How::Added));
            let is_new = how == Some(How::Added);
            let moved = Change { tenant: tenant.name.clone(), what: What::Source(plugin.name.clone()) };
            if how == Some(How::Changed)
                && let Err(why) = self.try_settings(tenant, plugin, services).await
            {
                tried.problems.push(format!("tenant {name}: plugin {}: {why}", plugin.name));
            }
            if !is_new && !changes.contains(&moved) {
                continue;
            }
            match self.try_source(tenant, plugin, services).await {
                Ok(checked) if is_new => {
                    tried.new.insert((name.clone(), plugin.name.to_string()), checked);
                }
                Ok(_) => {}
                Err(why) => tried.problems.push(format!("tenant {name}: plugin {}: source: {why}", plugin.name)),
            }
        }
    }

    /// Whether what is live can be started as its plugin shall be.
    async fn try_settings(&self, tenant: &Tenant, plugin: &Plugin, services: &Services) -> Result<(), String> {
        let slot = self.0.handle.plugin(tenant.name.as_str(), plugin.name.as_str());
        let Some(live) = slot.and_then(|slot| slot.live()) else { return Ok(()) };
        let tried = live.plugin().try_out(&running::guest_setup(tenant, plugin, services)).await;
        tried.map_err(|why| format!("no guest of what is live can be made so: {why}"))
    }

    async fn try_source(&self, tenant: &Tenant, plugin: &Plugin, services: &Services) -> Result<Checked, String> {
        let without = "a component is compiled beside calls only by a host with `data_dir`: restart this one";
        let loader = self.0.loader.as_ref().ok_or_else(|| without.to_owned())?;
        let setup = running::guest_setup(tenant, plugin, services);
        let live = self.0.handle.plugin(tenant.name.as_str(), plugin.name.as_str()).and_then(|slot| slot.live());
        let source = running::loader_source(&plugin.source);
        let checked = loader.check(plugin.name.as_str(), &source, &setup, live.as_deref()).await;
        checked.map_err(|why| why.to_string())
    }

    async fn tenant(
        &self,
        tenant: &Tenant,
        changes: &[Change],
        services: &Services,
        tried: &mut Tried,
    ) -> Result<TenantReload, ReloadRefused> {
        let key = |name: &config::Name| (tenant.name.to_string(), name.to_string());
        let connectors =
            tenant.connectors.iter().map(|connector| match tried.connectors.remove(&key(&connector.name)) {
                Some(config) => ConnectorReload::Start(Box::new(config)),
                None => ConnectorReload::Keep(connector.name.to_string()),
            });
        let connectors = connectors.collect();
        let mut plugins = Vec::new();
        for plugin in &tenant.plugins {
            let (name, faults) = (plugin.name.to_string(), running::faults(plugin));
            let calls_max = plugin.limits.calls_max as usize;
            let setup = || running::guest_setup(tenant, plugin, services);
            let wanted = how(changes, tenant, &What::Plugin(plugin.name.clone(), How::Added));
            plugins.push(match (wanted, tried.new.remove(&key(&plugin.name)), &self.0.loader) {
                (_, Some(checked), Some(loader)) => {
                    let setup = setup();
                    let version = loader.first(tenant.name.as_str(), &name, checked, &setup).await;
                    let version =
                        version.map_err(|why| problem(format!("tenant {}: plugin {name}: {why}", tenant.name)))?;
                    PluginReload::Host(PluginConfig { name, version: Some(version), setup, faults, calls_max })
                }
                (Some(_), ..) => PluginReload::Renew { name, setup: setup(), faults, calls_max },
                (None, ..) => PluginReload::Keep(name),
            });
        }
        let (name, quota) = (tenant.name.to_string(), running::quota(&tenant.quota));
        Ok(TenantReload { name, quota, connectors, plugins, routes: running::routes(tenant) })
    }

    fn watch(&self, config: &Config) {
        let wanted: BTreeSet<PathBuf> = config.files.iter().chain([&config.file]).cloned().collect();
        let mut files = self.0.files.lock();
        let Watched { source, paths } = &mut *files;
        paths.difference(&wanted).for_each(|path| source.unwatch(path));
        for path in wanted.difference(paths) {
            if !source.watch(path) {
                tracing::warn!(path = %path.display(), "too many files are watched: this one is not");
            }
        }
        *paths = wanted;
    }

    fn tell(&self, outcome: &Result<Reloaded, ReloadRefused>) {
        match outcome {
            Ok(Reloaded { changes }) if changes.is_empty() => {
                tracing::debug!("the configuration was read, and nothing is different");
            }
            Ok(Reloaded { changes }) => {
                changes.iter().for_each(|change| tracing::info!("{change}"));
                tracing::info!(changes = changes.len(), "the configuration was read anew");
                self.0.watch.config_reloaded(changes);
            }
            Err(ReloadRefused::Draining) => tracing::debug!("draining: no configuration is read any more"),
            Err(ReloadRefused::Problems(problems)) => {
                problems.iter().for_each(|problem| tracing::warn!("{problem}"));
                tracing::warn!("the configuration is refused: nothing has changed");
                self.0.watch.config_refused(problems);
            }
        }
    }
}

impl admin::Reload for Reloader {
    fn reload(&self) -> Pin<Box<dyn Future<Output = Result<Reloaded, ReloadRefused>> + Send + '_>> {
        Box::pin(Reloader::reload(self))
    }
}

/// How something of a tenant is different, if it is. Everything of a new tenant is new.
fn how(changes: &[Change], tenant: &Tenant, of: &What) -> Option<How> {
    let mut of_tenant = changes.iter().filter(|change| change.tenant == tenant.name);
    of_tenant.find_map(|change| match (&change.what, of) {
        (What::Tenant(how), _) => Some(*how),
        (What::Connector(name, how), What::Connector(wanted, _)) if name == wanted => Some(*how),
        (What::Plugin(name, how), What::Plugin(wanted, _)) if name == wanted => Some(*how),
        _ => None,
    })
}

fn problem(what: String) -> ReloadRefused {
    ReloadRefused::Problems(vec![what])
}
