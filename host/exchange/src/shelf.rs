//! What answers now: the plugins of a tenant, and which version of each the next call gets.
//!
//! A version is shared by its plugin's slot and by the calls that are on it, and goes with the last of them. A call takes
//! its version together with its place, before it is claimed, and stays on it; replacing the live version changes nothing
//! for it. The lock of a slot is held for a look or a swap, at admission and at a change, never on a frame's way.

use std::any::Any;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sandbox::{GuestSetup, Inspection, Plugin};

use crate::admission::{Permit, Slots};
use crate::clock::{now, since};
use crate::config::PluginConfig;
use crate::fault::{FaultStep, Health};
use crate::quota::Quotas;
use crate::record::{LeftBecause, Observer, Withdrawn};
use crate::share::CpuShare;

/// One version of a plugin, compiled.
pub struct PluginVersion {
    plugin: Plugin,
    number: Option<u64>,
    /// Whatever must live as long as the version does.
    _kept: Option<Box<dyn Any + Send + Sync>>,
    calls: AtomicUsize,
    first_call: OnceLock<Instant>,
    health: Mutex<Health>,
}

/// A plugin of a tenant: its places, what its guests are started with, and its versions.
pub struct PluginSlot {
    name: String,
    places: Slots,
    quotas: Arc<Quotas>,
    shelved: Mutex<Shelved>,
}

struct Shelved {
    setup: GuestSetup,
    faults: Arc<[FaultStep]>,
    live: Option<Arc<PluginVersion>>,
    previous: Option<Arc<PluginVersion>>,
    /// Neither live nor previous: kept by their calls alone.
    left: Vec<Weak<PluginVersion>>,
}

/// One version of a plugin as seen from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionView {
    /// The beginning of its content's digest.
    pub version: String,
    /// Its number, where it was given one.
    pub number: Option<u64>,
    /// Calls and chats that are on it, those that are being set up included.
    pub calls: usize,
    /// The next call gets it.
    pub live: bool,
    /// It was live before.
    pub previous: bool,
    /// How long ago it got its first call.
    pub first_call: Option<Duration>,
}

impl PluginVersion {
    /// A version without a number.
    pub fn new(plugin: Plugin) -> Self {
        let (calls, first_call, health) = (AtomicUsize::new(0), OnceLock::new(), Mutex::default());
        Self { plugin, number: None, _kept: None, calls, first_call, health }
    }

    /// A version as a registry knows it. `kept` lives as long as the version does.
    pub fn numbered(plugin: Plugin, number: u64, kept: impl Any + Send + Sync) -> Self {
        Self { number: Some(number), _kept: Some(Box::new(kept)), ..Self::new(plugin) }
    }

    /// What its guests are made of.
    pub fn plugin(&self) -> &Plugin {
        &self.plugin
    }

    /// Its number, where it was given one.
    pub fn number(&self) -> Option<u64> {
        self.number
    }

    /// Calls and chats that are on it, those that are being set up included.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::Acquire)
    }

    /// How long ago it got its first call.
    pub fn first_call(&self) -> Option<Duration> {
        self.first_call.get().map(|first| since(*first))
    }
}

impl From<Plugin> for PluginVersion {
    fn from(plugin: Plugin) -> Self {
        Self::new(plugin)
    }
}

impl fmt::Debug for PluginVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, calls) = (self.number, self.calls());
        f.debug_struct("PluginVersion")
            .field("plugin", &self.plugin)
            .field("number", &number)
            .field("calls", &calls)
            .finish()
    }
}

impl PluginSlot {
    pub(crate) fn new(config: PluginConfig, quotas: Arc<Quotas>) -> Self {
        let PluginConfig { name, version, setup, faults, calls_max } = config;
        let live = version.map(Arc::new);
        let shelved = Shelved { setup, faults, live, previous: None, left: Vec::new() };
        Self { name, places: Slots::new(calls_max), quotas, shelved: Mutex::new(shelved) }
    }

    /// Its name within the tenant.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What guests are started with from now on, what is done when they fail, and how many calls there may be. Calls that
    /// are here keep what they began with.
    pub(crate) fn renew(&self, setup: GuestSetup, faults: Arc<[FaultStep]>, calls_max: usize) {
        self.places.set_max(calls_max);
        self.change(|shelved| (shelved.setup, shelved.faults) = (setup, faults));
    }

    /// What its guests are started with.
    pub fn setup(&self) -> GuestSetup {
        self.shelved.lock().setup.clone()
    }

    /// What the next call gets.
    pub fn live(&self) -> Option<Arc<PluginVersion>> {
        self.shelved.lock().live.clone()
    }

    /// What was live before.
    pub fn previous(&self) -> Option<Arc<PluginVersion>> {
        self.shelved.lock().previous.clone()
    }

    /// Makes a version live: the next call gets it, and the present ones stay where they are. What was live becomes the
    /// previous one.
    pub fn replace(&self, next: Arc<PluginVersion>) {
        self.change(|shelved| {
            if shelved.live.as_ref().is_none_or(|live| !Arc::ptr_eq(live, &next)) {
                shelved.previous = shelved.live.replace(next);
            }
        });
    }

    /// Sets what was live before, for when it is wanted back.
    pub fn set_previous(&self, previous: Option<Arc<PluginVersion>>) {
        self.change(|shelved| shelved.previous = previous);
    }

    /// Every version that something still needs: the live one, the previous one, and those that calls are on.
    pub fn versions(&self) -> Vec<Arc<PluginVersion>> {
        let shelved = self.shelved.lock();
        let kept = shelved.live.iter().chain(&shelved.previous).cloned();
        kept.chain(shelved.left.iter().filter_map(Weak::upgrade)).collect()
    }

    /// Places that are taken, and how many there are.
    pub fn places(&self) -> (usize, usize) {
        (self.places.taken(), self.places.max())
    }

    /// Those versions, as seen from outside.
    pub fn view(&self) -> Vec<VersionView> {
        let (live, previous) = {
            let shelved = self.shelved.lock();
            (shelved.live.clone(), shelved.previous.clone())
        };
        let is = |role: &Option<Arc<PluginVersion>>, version: &Arc<PluginVersion>| {
            role.as_ref().is_some_and(|role| Arc::ptr_eq(role, version))
        };
        let view = |version: Arc<PluginVersion>| VersionView {
            version: version.plugin.version().to_string(),
            number: version.number,
            calls: version.calls(),
            live: is(&live, &version),
            previous: is(&previous, &version),
            first_call: version.first_call(),
        };
        self.versions().into_iter().map(view).collect()
    }

    /// Whether the live version is one for such sessions; `None` when there is none.
    pub(crate) fn handles(&self, what: impl FnOnce(&Inspection) -> bool) -> Option<bool> {
        self.shelved.lock().live.as_ref().map(|live| what(live.plugin.inspection()))
    }

    /// A place on the live version, and in the tenant's quota, for a call or chat that comes.
    pub(crate) fn take(self: &Arc<Self>) -> Result<Place, NoPlace> {
        self.take_by(|quotas| quotas.take(now()))
    }

    /// The same for one that goes out.
    pub(crate) fn take_for_placed(self: &Arc<Self>) -> Result<Place, NoPlace> {
        self.take_by(Quotas::take_for_placed)
    }

    fn take_by(self: &Arc<Self>, quota: impl FnOnce(&Quotas) -> Result<Permit, NoPlace>) -> Result<Place, NoPlace> {
        let (version, mut setup, faults) = {
            let shelved = self.shelved.lock();
            let live = shelved.live.clone().ok_or(NoPlace::NoVersion)?;
            (live, shelved.setup.clone(), shelved.faults.clone())
        };
        setup.memory = Some(self.quotas.memory().clone());
        let permit = self.places.take().ok_or(NoPlace::Full)?;
        let permits = (permit, quota(&self.quotas)?);
        version.calls.fetch_add(1, Ordering::AcqRel);
        Ok(Place { slot: self.clone(), version, setup, faults, _permits: permits })
    }

    /// Takes a version off new calls, in favour of the one that was live before, if there is one. `None` when it is not live
    /// any more.
    fn withdraw(&self, bad: &Arc<PluginVersion>) -> Option<Option<Arc<PluginVersion>>> {
        let mut back = None;
        self.change(|shelved| {
            if shelved.live.as_ref().is_some_and(|live| Arc::ptr_eq(live, bad)) {
                let previous = shelved.previous.take();
                if previous.is_some() {
                    shelved.live.clone_from(&previous);
                }
                back = Some(previous);
            }
        });
        back
    }

    /// What a call on `version` goes back to: what was live before it, or what is live instead of it.
    fn earlier(&self, version: &Arc<PluginVersion>) -> Option<Arc<PluginVersion>> {
        let shelved = self.shelved.lock();
        let other = |known: &&Arc<PluginVersion>| !Arc::ptr_eq(known, version);
        shelved.previous.iter().find(other).or_else(|| shelved.live.iter().find(other)).cloned()
    }

    fn change(&self, change: impl FnOnce(&mut Shelved)) {
        // What goes is dropped after the lock.
        let _gone = {
            let mut shelved = self.shelved.lock();
            let before = (shelved.live.clone(), shelved.previous.clone());
            change(&mut shelved);
            let Shelved { live, previous, left, .. } = &mut *shelved;
            let held =
                |version: &Arc<PluginVersion>| live.iter().chain(&*previous).any(|kept| Arc::ptr_eq(kept, version));
            left.retain(|version| version.upgrade().is_some_and(|version| !held(&version)));
            for version in before.0.iter().chain(&before.1).filter(|version| !held(version)) {
                if !left.iter().any(|known| known.ptr_eq(&Arc::downgrade(version))) {
                    left.push(Arc::downgrade(version));
                }
            }
            before
        };
    }
}

impl fmt::Debug for PluginSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PluginSlot").field("name", &self.name).field("live", &self.live()).finish_non_exhaustive()
    }
}

/// Why a plugin has no place for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoPlace {
    /// It has no version that can be used.
    NoVersion,
    /// It has all the calls that it may have.
    Full,
    /// Its tenant has all the calls that it may have.
    TenantFull,
    /// Its tenant has had all the calls of this second.
    TenantFast,
    /// Its tenant has no memory for another guest.
    TenantMemory,
}

impl NoPlace {
    /// The same, for those who watch.
    pub(crate) const fn left(self) -> LeftBecause {
        match self {
            Self::NoVersion => LeftBecause::NoPlugin,
            Self::Full => LeftBecause::NoPlace,
            Self::TenantFull => LeftBecause::QuotaCalls,
            Self::TenantFast => LeftBecause::QuotaSetups,
            Self::TenantMemory => LeftBecause::QuotaMemory,
        }
    }

    /// For people: why a session is left to others.
    pub(crate) const fn why(self) -> &'static str {
        match self {
            Self::NoVersion => "no version can be used",
            Self::Full => "no place",
            Self::TenantFull => "the tenant has the calls of its quota",
            Self::TenantFast => "the tenant has had the calls of this second",
            Self::TenantMemory => "the tenant has no memory for another guest",
        }
    }
}

/// A call's place and its version, from before its claim to its end.
#[derive(Debug)]
pub(crate) struct Place {
    slot: Arc<PluginSlot>,
    version: Arc<PluginVersion>,
    setup: GuestSetup,
    faults: Arc<[FaultStep]>,
    /// The plugin's, and the tenant's.
    _permits: (Permit, Permit),
}

impl Place {
    /// The plugin's name.
    pub(crate) fn name(&self) -> &str {
        &self.slot.name
    }

    /// What its guest is made of.
    pub(crate) fn plugin(&self) -> &Plugin {
        &self.version.plugin
    }

    /// What its guest is started with.
    pub(crate) fn setup(&self) -> GuestSetup {
        self.setup.clone()
    }

    /// What is done when its guest fails.
    pub(crate) fn faults(&self) -> Arc<[FaultStep]> {
        self.faults.clone()
    }

    /// What its guests may use of the processor.
    pub(crate) fn share(&self) -> CpuShare {
        self.slot.quotas.share(self.setup.limits.cpu_percent_max)
    }

    /// Whether there is another version to go back to.
    pub(crate) fn has_earlier(&self) -> bool {
        self.slot.earlier(&self.version).is_some()
    }

    /// Goes back to that version, if it is still there.
    pub(crate) fn go_back(&mut self, tenant: &str, observer: &dyn Observer) {
        let Some(earlier) = self.slot.earlier(&self.version) else { return };
        earlier.calls.fetch_add(1, Ordering::AcqRel);
        std::mem::replace(&mut self.version, earlier).calls.fetch_sub(1, Ordering::AcqRel);
        self.serve(tenant, observer);
    }

    /// A guest of the version ended. True when the version fails over and over.
    pub(crate) fn note_end(&self, failed: bool) -> bool {
        self.version.health.lock().note(now(), failed)
    }

    /// Takes the version off new calls, and tells what answers them instead.
    pub(crate) fn withdraw(&self, tenant: &str, observer: &dyn Observer) {
        let (plugin, version) = (self.name(), self.version.plugin.version());
        match self.slot.withdraw(&self.version) {
            Some(Some(back)) => {
                let back = back.plugin.version();
                tracing::error!(
                    tenant,
                    plugin,
                    version,
                    back,
                    "the version fails its calls over and over: new calls get the one before it"
                );
                observer.version_withdrawn(&Withdrawn { tenant, plugin, version, back: Some(back) });
            }
            Some(None) => {
                tracing::warn!(
                    tenant,
                    plugin,
                    version,
                    "the version fails its calls over and over, and none was before it"
                );
                observer.version_withdrawn(&Withdrawn { tenant, plugin, version, back: None });
            }
            None => {}
        }
    }

    /// The call or chat is claimed, and perhaps the first of its version.
    pub(crate) fn serve(&self, tenant: &str, observer: &dyn Observer) {
        if self.version.first_call.set(now()).is_ok() {
            observer.version_served(tenant, self.name(), &self.version);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.version.calls.fetch_sub(1, Ordering::AcqRel);
    }
}

/// The plugins of a tenant.
#[derive(Debug, Default)]
pub(crate) struct Shelf(Vec<Arc<PluginSlot>>);

impl Shelf {
    pub(crate) fn new(slots: Vec<Arc<PluginSlot>>) -> Self {
        Self(slots)
    }

    /// All of them, in the order of the configuration.
    pub(crate) fn slots(&self) -> &[Arc<PluginSlot>] {
        &self.0
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Arc<PluginSlot>> {
        self.0.iter().find(|slot| slot.name == name)
    }
}

#[cfg(test)]
mod tests {
    use parking_lot::Mutex;
    use sandbox::{GuestEnd, Sandbox, SandboxConfig};

    use super::*;
    use crate::quota::Quota;
    use crate::share::{Clock, Lanes};

    fn plugin() -> Plugin {
        let sandbox = Arc::new(Sandbox::new(&SandboxConfig { guests_max: 1 }).expect("a small sandbox"));
        Plugin::native(&sandbox, "native", |_| Box::pin(async { GuestEnd::Returned }))
    }

    fn version(plugin: &Plugin, number: u64) -> Arc<PluginVersion> {
        Arc::new(PluginVersion::numbered(plugin.clone(), number, ()))
    }

    fn slot(calls_max: usize) -> Arc<PluginSlot> {
        let (setup, faults) = (GuestSetup::default(), Arc::default());
        let config = PluginConfig { name: "p".into(), version: None, setup, faults, calls_max };
        let quotas = Quotas::new(&Quota::default(), Lanes::new(1), Clock(Instant::now()));
        Arc::new(PluginSlot::new(config, Arc::new(quotas)))
    }

    /// Number, calls, live, previous: by number.
    fn shown(slot: &PluginSlot) -> Vec<(u64, usize, bool, bool)> {
        let views = slot.view().into_iter();
        let mut shown: Vec<_> =
            views.map(|view| (view.number.unwrap_or(0), view.calls, view.live, view.previous)).collect();
        shown.sort_unstable();
        shown
    }

    #[test]
    fn a_slot_without_a_version_takes_no_call() {
        let slot = slot(1);
        assert_eq!(slot.take().map(drop), Err(NoPlace::NoVersion));
        slot.replace(version(&plugin(), 1));
        assert_eq!(slot.take().map(drop), Ok(()));
    }

    #[test]
    fn places_are_the_plugins_and_calls_stay_on_their_versions() {
        let (plugin, slot) = (plugin(), slot(3));
        slot.replace(version(&plugin, 1));
        let first = slot.take().expect("a place");
        slot.replace(version(&plugin, 2));
        let second = slot.take().expect("a place");
        assert_eq!(shown(&slot), [(1, 1, false, true), (2, 1, true, false)]);
        slot.replace(version(&plugin, 3));
        let third = slot.take().expect("a place");
        assert_eq!(shown(&slot), [(1, 1, false, false), (2, 1, false, true), (3, 1, true, false)]);
        assert_eq!(slot.take().map(drop), Err(NoPlace::Full), "three places across versions");
        drop(first);
        assert_eq!(shown(&slot), [(2, 1, false, true), (3, 1, true, false)], "the last call out drops its version");
        assert!(slot.take().is_ok());
        drop((second, third));
        assert_eq!(shown(&slot), [(2, 0, false, true), (3, 0, true, false)]);
    }

    #[test]
    fn what_is_live_is_not_its_own_previous_and_the_previous_comes_back() {
        let (plugin, slot) = (plugin(), slot(1));
        let (one, two) = (version(&plugin, 1), version(&plugin, 2));
        slot.replace(one.clone());
        slot.replace(one.clone());
        assert_eq!(shown(&slot), [(1, 0, true, false)]);
        slot.replace(two);
        slot.replace(slot.previous().expect("one"));
        assert_eq!(shown(&slot), [(1, 0, true, false), (2, 0, false, true)]);
    }

    /// Hears of versions that were withdrawn.
    #[derive(Default)]
    struct Ears(Mutex<Vec<Option<String>>>);

    impl Observer for Ears {
        fn version_withdrawn(&self, withdrawn: &Withdrawn<'_>) {
            self.0.lock().push(withdrawn.back.map(str::to_string));
        }
    }

    #[test]
    fn a_call_goes_back_to_what_was_before_its_version_or_is_live_instead() {
        let (plugin, slot) = (plugin(), slot(3));
        slot.replace(version(&plugin, 1));
        let mut first = slot.take().expect("a place");
        assert!(!first.has_earlier());
        first.go_back("t", &());
        assert_eq!(first.version.number(), Some(1), "there is nowhere to go");
        slot.replace(version(&plugin, 2));
        let mut second = slot.take().expect("a place");
        second.go_back("t", &());
        assert_eq!(shown(&slot), [(1, 2, false, true), (2, 0, true, false)], "both are on the first");
        assert!(second.has_earlier(), "one that is live instead");
        first.go_back("t", &());
        assert_eq!(shown(&slot), [(1, 1, false, true), (2, 1, true, false)]);
    }

    #[test]
    fn a_version_is_withdrawn_once_and_does_not_come_back_by_itself() {
        let (plugin, slot, ears) = (plugin(), slot(3), Ears::default());
        slot.replace(version(&plugin, 1));
        slot.replace(version(&plugin, 2));
        let (one, two) = (slot.take().expect("a place"), slot.take().expect("a place"));
        one.withdraw("t", &ears);
        assert_eq!(slot.live().and_then(|live| live.number()), Some(1));
        two.withdraw("t", &ears);
        assert_eq!(slot.live().and_then(|live| live.number()), Some(1), "it is not live any more");
        slot.take().expect("a place").withdraw("t", &ears);
        assert_eq!(slot.live().and_then(|live| live.number()), Some(1), "there is nothing else");
        assert_eq!(*ears.0.lock(), [Some(plugin.version().to_string()), None]);
        assert_eq!(shown(&slot), [(1, 0, true, false), (2, 2, false, false)]);
    }

    /// Whatever is replaced while whatever calls come and go.
    #[test]
    fn versions_live_exactly_as_long_as_they_are_needed() {
        let plugin = plugin();
        for seed in 0..300 {
            let mut random = fastrand::Rng::with_seed(seed);
            let slot = slot(5);
            let (mut calls, mut known) = (Vec::new(), Vec::new());
            let (mut live, mut previous) = (None, None);
            for step in 0..60 {
                match random.u8(..4) {
                    0 => {
                        let next = version(&plugin, step);
                        known.push((step, Arc::downgrade(&next)));
                        slot.replace(next);
                        (previous, live) = (live, Some(step));
                    }
                    1 if !calls.is_empty() => drop(calls.swap_remove(random.usize(..calls.len()))),
                    2 if previous.is_some() => {
                        slot.replace(slot.previous().expect("it was live before"));
                        std::mem::swap(&mut previous, &mut live);
                    }
                    _ => match slot.take() {
                        Ok(place) => {
                            assert_eq!(place.version.number(), live, "seed {seed}");
                            calls.push(place);
                        }
                        Err(NoPlace::NoVersion) => assert_eq!(live, None, "seed {seed}"),
                        Err(no) => assert_eq!((no, calls.len()), (NoPlace::Full, 5), "seed {seed}"),
                    },
                }
                for (number, version) in &known {
                    let on = calls.iter().filter(|place| place.version.number() == Some(*number)).count();
                    let needed = on > 0 || [live, previous].contains(&Some(*number));
                    let version = version.upgrade();
                    assert_eq!(version.is_some(), needed, "seed {seed}, step {step}: version {number}");
                    assert!(version.is_none_or(|version| version.calls() == on), "seed {seed}, step {step}");
                }
                let needed = known.iter().filter(|(_, version)| version.strong_count() > 0).count();
                assert_eq!(slot.versions().len(), needed, "seed {seed}, step {step}: all of them are shown, once");
            }
        }
    }
}
