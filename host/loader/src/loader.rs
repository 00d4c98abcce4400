//! Making versions live: what is pushed, promoted and rolled back.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use exchange::{PluginSlot, PluginVersion};
use parking_lot::{Mutex, RwLock};
use registry::{Milestones, Origin, PluginEntry, RegistryError, Version};
use sandbox::{GuestSetup, Inspection};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::capabilities::{Want, also_wants, wants};
use crate::error::LoadRefused;
use crate::limits::{PUSHES_MAX, RECEIPTS_MAX};
use crate::news::News;
use crate::receipt::Receipt;
use crate::source::{Checked, Source};
use crate::stock::{Stock, version_of};

/// Is told what becomes of versions. It must not block.
pub trait LoadObserver: Send + Sync {
    /// The next call of a plugin gets this version.
    fn version_live(&self, receipt: &Receipt) {
        let _ = receipt;
    }
}

impl LoadObserver for () {}

/// Brings versions in and makes them live. Cheap to clone.
#[derive(Clone)]
pub struct Loader(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) stock: Stock,
    desks: RwLock<BTreeMap<(String, String), Arc<Desk>>>,
    pub(crate) pushes: Arc<Semaphore>,
    observer: Arc<dyn LoadObserver>,
}

/// A plugin that runs, as the configuration has it.
#[derive(Debug)]
pub struct Hosted {
    /// Whose it is.
    pub tenant: String,
    /// Where its versions become live.
    pub slot: Arc<PluginSlot>,
    /// The grants it has, by the configuration's words.
    pub granted: BTreeSet<String>,
    /// Where its versions come from by themselves.
    pub source: Source,
}

/// One plugin: changes of what is live are made one after another.
pub(crate) struct Desk {
    pub(crate) hosted: Hosted,
    pub(crate) turns: Arc<Turns>,
}

/// What stays with a plugin, whatever its configuration becomes.
#[derive(Default)]
pub(crate) struct Turns {
    /// Held while what is live changes, and never while something is compiled.
    changing: tokio::sync::Mutex<()>,
    /// Held while its source's newest version is brought in, so that they become live in their order.
    pub(crate) bringing: tokio::sync::Mutex<()>,
    receipts: Mutex<BTreeMap<u64, Receipt>>,
}

/// A place for one component in memory. Given back on drop.
#[derive(Debug)]
pub struct PushPlace {
    pub(crate) _permit: OwnedSemaphorePermit,
}

/// A version that was brought in: acknowledged, and not live before it is promoted.
#[derive(Clone, Debug)]
pub struct Pushed {
    /// How it was brought in.
    pub receipt: Receipt,
    /// What it is.
    pub inspection: Inspection,
    /// What it wants beyond its call.
    pub wants: Vec<Want>,
    /// Those that nobody has agreed to: promoting it needs an approval.
    pub also_wants: Vec<Want>,
    /// The plugin had these bytes as this version already.
    pub known: bool,
}

/// A plugin in a listing.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its name.
    pub plugin: String,
    /// Where its versions come from by themselves.
    pub source: String,
    /// What the registry has; `None`: nothing yet.
    pub entry: Option<PluginEntry>,
    /// What is known of its versions since the start, by number.
    pub receipts: BTreeMap<u64, Receipt>,
}

/// What shall be live.
#[derive(Clone, Copy)]
enum Change {
    Promote { number: u64, approve: bool },
    Rollback { number: u64 },
}

impl Loader {
    /// For plugins that run.
    pub fn new(stock: Stock, plugins: Vec<Hosted>, observer: Arc<dyn LoadObserver>) -> Self {
        let (desks, pushes) = (RwLock::default(), Arc::new(Semaphore::new(PUSHES_MAX)));
        let loader = Self(Arc::new(Inner { stock, desks, pushes, observer }));
        loader.host(plugins);
        loader
    }

    /// Takes versions for these plugins from now on, and for no others. What is under way for a plugin that goes is done to
    /// its end, and heard of by nobody.
    pub fn host(&self, plugins: Vec<Hosted>) {
        let mut desks = self.0.desks.write();
        let desk = |hosted: Hosted| {
            let key = (hosted.tenant.clone(), hosted.slot.name().to_owned());
            let before = desks.get(&key).filter(|desk| Arc::ptr_eq(&desk.hosted.slot, &hosted.slot));
            let same = |desk: &&Arc<Desk>| desk.hosted.granted == hosted.granted && desk.hosted.source == hosted.source;
            let desk = match before {
                Some(desk) if same(&desk) => desk.clone(),
                before => {
                    let turns = before.map(|desk| desk.turns.clone()).unwrap_or_default();
                    Arc::new(Desk { hosted, turns })
                }
            };
            (key, desk)
        };
        *desks = plugins.into_iter().map(desk).collect();
    }

    /// Looks whether what a source has could be made live, in a plugin that is there or in a new one. Nothing is kept.
    ///
    /// # Errors
    /// It could not.
    pub async fn check(
        &self,
        plugin: &str,
        source: &Source,
        setup: &GuestSetup,
        live: Option<&PluginVersion>,
    ) -> Result<Checked, LoadRefused> {
        let place = self.0.pushes.clone().acquire_owned().await;
        let _permit = place.map_err(|_| LoadRefused::Host("it ends".to_owned()))?;
        let checked = source.read().await?;
        let made = self.0.stock.make(plugin, checked.wasm.clone(), setup).await?;
        fits(made.plugin.inspection(), live)?;
        Ok(checked)
    }

    /// What the first calls of a new plugin get: what was live when there was one of its name, else what was checked.
    ///
    /// # Errors
    /// It cannot be used after all.
    pub async fn first(
        &self,
        tenant: &str,
        plugin: &str,
        checked: Checked,
        setup: &GuestSetup,
    ) -> Result<PluginVersion, LoadRefused> {
        match self.0.stock.kept(tenant, plugin, setup).await? {
            Some(version) => Ok(version),
            None => self.0.stock.begin(tenant, plugin, checked, setup).await,
        }
    }

    /// A place for one more component in memory, to be had before it is read.
    ///
    /// # Errors
    /// There is no such plugin, or all places are taken.
    pub fn place(&self, tenant: &str, plugin: &str) -> Result<PushPlace, LoadRefused> {
        self.desk(tenant, plugin)?;
        let place = self.0.pushes.clone().try_acquire_owned();
        place.map(|_permit| PushPlace { _permit }).map_err(|_| LoadRefused::Busy { pushes_max: PUSHES_MAX })
    }

    /// Brings a version in: checked, compiled, tried and acknowledged. It is not live before it is promoted. Bytes that
    /// the plugin has as a version already are that version.
    ///
    /// # Errors
    /// Any [`LoadRefused`]; nothing was added then.
    pub async fn push(
        &self,
        tenant: &str,
        plugin: &str,
        wasm: Arc<[u8]>,
        by: &str,
        _place: PushPlace,
    ) -> Result<Pushed, LoadRefused> {
        let desk = self.desk(tenant, plugin)?;
        self.bring(desk, wasm, Origin::Upload, by, true).await
    }

    /// Asks a plugin's source again and makes live what it has now, such as what a tag of an OCI registry has come to name.
    /// What wants more than the live version is kept, and live only if `approve` is said.
    ///
    /// # Errors
    /// The source does not give it, or any that [`Loader::push`] and [`Loader::promote`] have. What was live stays.
    pub async fn pull(&self, tenant: &str, plugin: &str, approve: bool) -> Result<(Pushed, Receipt), LoadRefused> {
        let (_place, desk) = (self.place(tenant, plugin)?, self.desk(tenant, plugin)?);
        let Checked { wasm, origin, by } = desk.hosted.source.read().await?;
        let _order = desk.turns.bringing.lock().await;
        let pushed = self.bring(desk.clone(), wasm, origin, by, true).await?;
        let receipt = self.change(desk.clone(), Change::Promote { number: pushed.receipt.number, approve }).await?;
        Ok((pushed, receipt))
    }

    /// Makes a version live for the calls that begin from here on.
    ///
    /// # Errors
    /// There is no such version, it wants more and `approve` is not said, or it cannot be used. What was live stays.
    pub async fn promote(
        &self,
        tenant: &str,
        plugin: &str,
        number: u64,
        approve: bool,
    ) -> Result<Receipt, LoadRefused> {
        self.change(self.desk(tenant, plugin)?, Change::Promote { number, approve }).await
    }

    /// Makes the version live that was live before.
    ///
    /// # Errors
    /// There was none, or it cannot be used. What was live stays.
    pub async fn rollback(&self, tenant: &str, plugin: &str) -> Result<Receipt, LoadRefused> {
        let desk = self.desk(tenant, plugin)?;
        let entry = self.0.stock.entry(tenant, plugin).await?;
        let previous = entry.and_then(|entry| entry.live.previous).ok_or(RegistryError::NothingBefore)?;
        self.change(desk, Change::Rollback { number: previous }).await
    }

    /// What is known of a tenant's plugins, by name.
    ///
    /// # Errors
    /// There is no such tenant, or the registry cannot be read.
    pub async fn list(&self, tenant: &str) -> Result<Vec<Listed>, LoadRefused> {
        let desks: Vec<Arc<Desk>> = {
            let desks = self.0.desks.read();
            desks.values().filter(|desk| desk.hosted.tenant == tenant).cloned().collect()
        };
        let mut listed = Vec::new();
        for desk in desks {
            let plugin = desk.hosted.slot.name().to_owned();
            let entry = self.0.stock.entry(tenant, &plugin).await?;
            let receipts = desk.turns.receipts.lock().clone();
            listed.push(Listed { plugin, source: desk.hosted.source.to_string(), entry, receipts });
        }
        Ok(listed)
    }

    /// Makes the version that was live before the last change ready, so that a rollback need not wait for it.
    pub async fn ready_previous(&self) {
        for desk in self.desks() {
            if let Err(why) = self.ready_previous_of(&desk).await {
                let (tenant, plugin) = (desk.hosted.tenant.as_str(), desk.hosted.slot.name());
                tracing::warn!(tenant, plugin, %why, "the version before the live one cannot be used");
            }
        }
    }

    async fn ready_previous_of(&self, desk: &Desk) -> Result<(), LoadRefused> {
        let Hosted { tenant, slot, .. } = &desk.hosted;
        let entry = self.0.stock.entry(tenant, slot.name()).await?;
        let Some(version) = entry.as_ref().and_then(|entry| version_of(entry, entry.live.previous)) else {
            return Ok(());
        };
        let (made, _) = self.0.stock.version(tenant, slot.name(), version, &slot.setup()).await?;
        let _one = desk.turns.changing.lock().await;
        // What changed meanwhile knows better.
        if slot.previous().is_none() && slot.live().is_some_and(|live| live.number() != made.number()) {
            slot.set_previous(Some(Arc::new(made)));
        }
        Ok(())
    }

    /// The way in for what the exchange tells of versions.
    pub fn news(&self) -> News {
        News(Arc::downgrade(&self.0))
    }

    /// Adds to what the registry knows of a version. Nothing depends on it: what cannot be written is told.
    pub(crate) async fn note(&self, tenant: &str, plugin: &str, number: u64, new: Milestones) {
        if let Err(why) = self.0.stock.note(tenant, plugin, number, new).await {
            tracing::warn!(tenant, plugin, number, %why, "what became of the version is not written down");
        }
    }

    /// Writes down that a version was taken off new calls, unless something else was made live since.
    pub(crate) async fn withdraw(&self, tenant: &str, plugin: &str, version: &str) {
        let Ok(desk) = self.desk(tenant, plugin) else { return };
        let _one = desk.turns.changing.lock().await;
        let withdrawn = async {
            let entry = self.0.stock.entry(tenant, plugin).await?;
            let live = entry.as_ref().and_then(|entry| version_of(entry, entry.live.live));
            let Some(bad) = live.filter(|live| live.digest.to_string().starts_with(version)) else { return Ok(()) };
            let number = bad.number;
            if desk.hosted.slot.live().is_some_and(|live| live.number() == Some(number)) {
                return Ok(());
            }
            let change = move |registry: &registry::Registry, tenant: &str, plugin: &str| {
                registry.withdraw(tenant, plugin, number)
            };
            self.0.stock.set_live(tenant, plugin, change).await.map(drop)
        };
        let withdrawn: Result<(), LoadRefused> = withdrawn.await;
        if let Err(why) = withdrawn {
            tracing::warn!(tenant, plugin, version, %why, "the next start may serve the version that was taken off");
        }
    }

    /// Every plugin, by tenant and name.
    pub(crate) fn desks(&self) -> Vec<Arc<Desk>> {
        self.0.desks.read().values().cloned().collect()
    }

    fn desk(&self, tenant: &str, plugin: &str) -> Result<Arc<Desk>, LoadRefused> {
        let desks = self.0.desks.read();
        if let Some(desk) = desks.get(&(tenant.to_owned(), plugin.to_owned())) {
            return Ok(desk.clone());
        }
        let is_known = desks.keys().any(|(known, _)| known == tenant);
        Err(if is_known { LoadRefused::UnknownPlugin } else { LoadRefused::UnknownTenant })
    }

    /// Everything up to the acknowledgement.
    pub(crate) async fn bring(
        &self,
        desk: Arc<Desk>,
        wasm: Arc<[u8]>,
        origin: Origin,
        by: &str,
        once: bool,
    ) -> Result<Pushed, LoadRefused> {
        let Hosted { tenant, slot, granted, .. } = &desk.hosted;
        let made = self.0.stock.make(slot.name(), wasm.clone(), &slot.setup()).await?;
        let inspection = made.plugin.inspection().clone();
        fits(&inspection, slot.live().as_deref())?;
        let same = if once { self.same(&desk, made.plugin.digest()).await? } else { None };
        let known = same.is_some();
        let version = match same {
            Some(version) => version,
            None => self.0.stock.acknowledge(tenant, slot.name(), wasm, origin, by).await?,
        };
        let receipt = desk.note(&version, made.compiled_in);
        if !known {
            let new = Milestones { compile_ms: made.compiled_in.map(ms), ..Milestones::default() };
            self.note(tenant, slot.name(), version.number, new).await;
        }
        let wants = wants(&inspection, granted);
        let also_wants = more(&desk.hosted, &inspection, slot.live().as_deref());
        let (number, compile_ms) = (receipt.number, made.compiled_in.map(ms));
        tracing::info!(
            tenant,
            plugin = slot.name(),
            version = receipt.version,
            number,
            compile_ms,
            "version acknowledged"
        );
        Ok(Pushed { receipt, inspection, wants, also_wants, known })
    }

    /// The newest version of these bytes.
    async fn same(&self, desk: &Desk, digest: &str) -> Result<Option<Version>, LoadRefused> {
        let entry = self.0.stock.entry(&desk.hosted.tenant, desk.hosted.slot.name()).await?;
        let mut versions = entry.into_iter().flat_map(|entry| entry.versions.into_iter().rev());
        Ok(versions.find(|version| version.digest.to_string() == digest))
    }

    /// A change is made as a whole, also when nobody waits for it any more.
    async fn change(&self, desk: Arc<Desk>, change: Change) -> Result<Receipt, LoadRefused> {
        let loader = self.clone();
        let changing = tokio::spawn(async move { loader.make_change(&desk, change).await });
        changing.await.map_err(|error| LoadRefused::Host(error.to_string()))?
    }

    pub(crate) async fn promote_approved(&self, desk: Arc<Desk>, number: u64) -> Result<Receipt, LoadRefused> {
        self.change(desk, Change::Promote { number, approve: true }).await
    }

    async fn make_change(&self, desk: &Desk, change: Change) -> Result<Receipt, LoadRefused> {
        let Hosted { tenant, slot, .. } = &desk.hosted;
        let (Change::Promote { number, .. } | Change::Rollback { number }) = change;
        let entry = self.0.stock.entry(tenant, slot.name()).await?;
        let version = entry.as_ref().and_then(|entry| version_of(entry, Some(number)));
        let version = version.ok_or(RegistryError::NoSuchVersion { number })?;
        let (next, compiled_in) = self.ready(desk, version).await?;
        let inspection = next.plugin().inspection();

        let _one = desk.turns.changing.lock().await;
        let live = slot.live();
        match change {
            Change::Promote { approve, .. } => {
                fits(inspection, live.as_deref())?;
                let also_wants = more(&desk.hosted, inspection, live.as_deref());
                if !approve && !also_wants.is_empty() {
                    return Err(LoadRefused::Widens(also_wants));
                }
                let promote = move |registry: &registry::Registry, tenant: &str, plugin: &str| {
                    registry.promote(tenant, plugin, number)
                };
                self.0.stock.set_live(tenant, slot.name(), promote).await?;
            }
            Change::Rollback { .. } => {
                let roll_back = move |registry: &registry::Registry, tenant: &str, plugin: &str| {
                    let now = registry.plugin(tenant, plugin)?.and_then(|entry| entry.live.previous);
                    if now == Some(number) { registry.rollback(tenant, plugin).map(Some) } else { Ok(None) }
                };
                self.0.stock.set_live(tenant, slot.name(), roll_back).await?.ok_or(LoadRefused::Changed)?;
            }
        }
        slot.replace(next);
        let receipt = desk.note_live(version, compiled_in);
        let live_unix_ms = receipt.live_at.map(unix_ms);
        let new = Milestones { compile_ms: compiled_in.map(ms), live_unix_ms, ..Milestones::default() };
        self.note(tenant, slot.name(), receipt.number, new).await;
        let Receipt { version, number, .. } = &receipt;
        tracing::info!(tenant, plugin = slot.name(), version, number, "version live");
        self.0.observer.version_live(&receipt);
        Ok(receipt)
    }

    /// A version that can be made live: the one that runs already, or one that is made.
    async fn ready(
        &self,
        desk: &Desk,
        version: &Version,
    ) -> Result<(Arc<PluginVersion>, Option<Duration>), LoadRefused> {
        let Hosted { tenant, slot, .. } = &desk.hosted;
        let runs = slot.versions().into_iter().find(|known| known.number() == Some(version.number));
        if let Some(known) = runs {
            return Ok((known, None));
        }
        let (made, compiled_in) = self.0.stock.version(tenant, slot.name(), version, &slot.setup()).await?;
        Ok((Arc::new(made), compiled_in))
    }
}

impl Desk {
    /// Whether its versions come from this file.
    pub(crate) fn is_of_file(&self, path: &Path) -> bool {
        matches!(&self.hosted.source, Source::File(source) if source == path)
    }

    fn note(&self, version: &Version, compiled_in: Option<Duration>) -> Receipt {
        let digest = version.digest.to_string();
        let mut receipts = self.turns.receipts.lock();
        let receipt = receipts.entry(version.number).or_insert_with(|| Receipt {
            tenant: self.hosted.tenant.clone(),
            plugin: self.hosted.slot.name().to_owned(),
            number: version.number,
            version: digest.chars().take(12).collect(),
            digest,
            compiled_in: None,
            live_at: None,
        });
        receipt.compiled_in = receipt.compiled_in.or(compiled_in);
        let receipt = receipt.clone();
        while receipts.len() > RECEIPTS_MAX {
            receipts.pop_first();
        }
        receipt
    }

    fn note_live(&self, version: &Version, compiled_in: Option<Duration>) -> Receipt {
        let mut receipt = self.note(version, compiled_in);
        receipt.live_at = Some(SystemTime::now());
        self.turns.receipts.lock().insert(version.number, receipt.clone());
        receipt
    }
}

/// Milliseconds since 1970; 0 before.
pub(crate) fn unix_ms(time: SystemTime) -> u64 {
    ms(time.duration_since(UNIX_EPOCH).unwrap_or_default())
}

pub(crate) fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// What routes lead to a plugin must go on to find a handler.
fn fits(new: &Inspection, live: Option<&PluginVersion>) -> Result<(), LoadRefused> {
    let Some(live) = live.map(|live| live.plugin().inspection()) else { return Ok(()) };
    if live.calls() && !new.calls() {
        return Err(LoadRefused::Unfit("calls"));
    }
    if live.chats && !new.chats {
        return Err(LoadRefused::Unfit("chats"));
    }
    Ok(())
}

fn more(hosted: &Hosted, new: &Inspection, live: Option<&PluginVersion>) -> Vec<Want> {
    let live = live.map(|live| wants(live.plugin().inspection(), &hosted.granted));
    also_wants(wants(new, &hosted.granted), live.as_deref())
}
