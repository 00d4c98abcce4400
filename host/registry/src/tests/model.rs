//! Random histories, with faults and losses of power, against a registry that is a map.

use std::collections::{BTreeMap, BTreeSet};
use std::mem::discriminant;
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;

use super::provenance;
use super::sim_disk::{Fault, SimDisk};
use crate::digest::Digest;
use crate::error::RegistryError;
use crate::registry::{Component, Hold, Registry, RegistryLimits};
use crate::version::Live;

const TENANT: &str = "acme";
const PLUGINS: [&str; 4] = ["a", "b", "c", "d"];
const LIMITS: RegistryLimits = RegistryLimits {
    component_bytes_max: 5_000,
    total_bytes_max: 9_000,
    plugins_max: 3,
    versions_kept_max: 4,
    versions_max: 6,
};

#[derive(Clone, Debug)]
enum Step {
    Add { plugin: usize, content: u8 },
    Promote { plugin: usize, number: u64 },
    Rollback { plugin: usize },
    Remove { plugin: usize },
    Hold { plugin: usize, number: u64 },
    Release { which: usize },
    Pin { content: u8 },
    Unpin { which: usize },
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<(Step, Option<(u32, Fault)>)>> {
    let plugin = 0..PLUGINS.len();
    let step = prop_oneof![
        8 => (plugin.clone(), 0_u8..12).prop_map(|(plugin, content)| Step::Add { plugin, content }),
        4 => (plugin.clone(), 0_u64..9).prop_map(|(plugin, number)| Step::Promote { plugin, number }),
        2 => plugin.clone().prop_map(|plugin| Step::Rollback { plugin }),
        1 => plugin.clone().prop_map(|plugin| Step::Remove { plugin }),
        3 => (plugin, 0_u64..9).prop_map(|(plugin, number)| Step::Hold { plugin, number }),
        2 => (0_usize..4).prop_map(|which| Step::Release { which }),
        1 => (0_u8..12).prop_map(|content| Step::Pin { content }),
        1 => (0_usize..4).prop_map(|which| Step::Unpin { which }),
        1 => Just(Step::Reopen),
    ];
    let fault = prop_oneof![Just(Fault::Once), Just(Fault::Power)];
    let fault = prop_oneof![3 => Just(None), 1 => (0_u32..120, fault).prop_map(Some)];
    prop::collection::vec((step, fault), 1..40)
}

fn bytes_of(content: u8) -> Vec<u8> {
    vec![content; 200 + usize::from(content) * 100]
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Model {
    plugins: BTreeMap<&'static str, ModelPlugin>,
    held: Vec<(&'static str, u64)>,
    pinned: Vec<u8>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct ModelPlugin {
    last: u64,
    live: Live,
    versions: BTreeMap<u64, u8>,
}

/// What a registry shows of itself.
type Shown = BTreeMap<String, (Live, BTreeMap<u64, Digest>)>;

impl Model {
    fn named(&self) -> BTreeSet<u8> {
        self.plugins.values().flat_map(|plugin| plugin.versions.values().copied()).collect()
    }

    fn shown(&self) -> Shown {
        let plugins = self.plugins.iter().map(|(name, plugin)| {
            let versions = plugin.versions.iter().map(|(number, content)| (*number, Digest::of(&bytes_of(*content))));
            ((*name).to_owned(), (plugin.live, versions.collect()))
        });
        plugins.collect()
    }

    fn room_for(&self, content: u8) -> Result<(), RegistryError> {
        let mut all = self.named();
        all.extend(&self.pinned);
        let known = !all.insert(content);
        let bytes: usize = all.iter().map(|content| bytes_of(*content).len()).sum();
        let bytes_max = LIMITS.total_bytes_max;
        if known || bytes as u64 <= bytes_max { Ok(()) } else { Err(RegistryError::TooManyBytes { bytes_max }) }
    }

    fn plugin(&mut self, name: &'static str) -> Result<&mut ModelPlugin, RegistryError> {
        let missing = RegistryError::NoSuchPlugin { tenant: TENANT.to_owned(), plugin: name.to_owned() };
        self.plugins.get_mut(name).ok_or(missing)
    }

    fn take(&mut self, step: &Step) -> Result<(), RegistryError> {
        match *step {
            Step::Add { plugin, content } => self.add(PLUGINS[plugin], content),
            Step::Promote { plugin, number } => {
                let plugin = self.plugin(PLUGINS[plugin])?;
                if !plugin.versions.contains_key(&number) {
                    return Err(RegistryError::NoSuchVersion { number });
                }
                if plugin.live.live != Some(number) {
                    plugin.live = Live { live: Some(number), previous: plugin.live.live };
                }
                Ok(())
            }
            Step::Rollback { plugin } => {
                let Live { live, previous } = &mut self.plugin(PLUGINS[plugin])?.live;
                if previous.is_none() {
                    return Err(RegistryError::NothingBefore);
                }
                std::mem::swap(live, previous);
                Ok(())
            }
            Step::Remove { plugin } => {
                let name = PLUGINS[plugin];
                self.plugin(name)?;
                let held = self.held.iter().filter(|(held, _)| *held == name).map(|(_, number)| *number).min();
                if let Some(number) = held {
                    return Err(RegistryError::Held { number });
                }
                self.plugins.remove(name);
                Ok(())
            }
            Step::Hold { plugin, number } => {
                let versions = self.plugins.get(PLUGINS[plugin]).map(|plugin| &plugin.versions);
                if !versions.is_some_and(|versions| versions.contains_key(&number)) {
                    return Err(RegistryError::NoSuchVersion { number });
                }
                self.held.push((PLUGINS[plugin], number));
                Ok(())
            }
            Step::Pin { content } => {
                self.room_for(content)?;
                self.pinned.push(content);
                Ok(())
            }
            Step::Release { which } => {
                take(&mut self.held, which);
                Ok(())
            }
            Step::Unpin { which } => {
                take(&mut self.pinned, which);
                Ok(())
            }
            Step::Reopen => Ok(()),
        }
    }

    fn add(&mut self, name: &'static str, content: u8) -> Result<(), RegistryError> {
        self.room_for(content)?;
        let plugins_max = LIMITS.plugins_max;
        if !self.plugins.contains_key(name) && self.plugins.len() as u64 == plugins_max {
            return Err(RegistryError::TooManyPlugins { plugins_max });
        }
        let held = self.held.clone();
        let mut plugin = self.plugins.get(name).cloned().unwrap_or_default();
        let Live { live, previous } = plugin.live;
        let mut over = (plugin.versions.len() as u64 + 1).saturating_sub(LIMITS.versions_kept_max);
        plugin.versions.retain(|number, _| {
            let needed = live == Some(*number) || previous == Some(*number) || held.contains(&(name, *number));
            let drop = over > 0 && !needed;
            over -= u64::from(drop);
            !drop
        });
        let versions_max = LIMITS.versions_max;
        if plugin.versions.len() as u64 == versions_max {
            return Err(RegistryError::TooManyVersions { versions_max });
        }
        plugin.last += 1;
        plugin.versions.insert(plugin.last, content);
        self.plugins.insert(name, plugin);
        Ok(())
    }
}

fn take<T>(list: &mut Vec<T>, which: usize) -> Option<T> {
    (which < list.len()).then(|| list.remove(which))
}

/// The registry, what calls hold of it, and what is about to become a version.
struct Real {
    disk: SimDisk,
    registry: Option<Registry>,
    holds: Vec<Hold>,
    pins: Vec<Component>,
    random: fastrand::Rng,
}

impl Real {
    fn registry(&self) -> &Registry {
        self.registry.as_ref().expect("it is open between steps")
    }

    fn open(&mut self) -> Result<(), RegistryError> {
        let registry = Registry::open_on(Arc::new(self.disk.clone()), Path::new("/data"), LIMITS)?;
        self.registry = Some(registry);
        Ok(())
    }

    fn close(&mut self) {
        (self.holds, self.pins, self.registry) = (Vec::new(), Vec::new(), None);
    }

    fn take(&mut self, step: &Step) -> Result<(), RegistryError> {
        match *step {
            Step::Add { plugin, content } => {
                let component = self.registry().put(&bytes_of(content))?;
                self.registry().add(TENANT, PLUGINS[plugin], &component, provenance()).map(drop)
            }
            Step::Promote { plugin, number } => self.registry().promote(TENANT, PLUGINS[plugin], number).map(drop),
            Step::Rollback { plugin } => self.registry().rollback(TENANT, PLUGINS[plugin]).map(drop),
            Step::Remove { plugin } => self.registry().remove(TENANT, PLUGINS[plugin]),
            Step::Hold { plugin, number } => {
                self.holds.push(self.registry().hold(TENANT, PLUGINS[plugin], number)?);
                Ok(())
            }
            Step::Pin { content } => {
                self.pins.push(self.registry().put(&bytes_of(content))?);
                Ok(())
            }
            Step::Release { which } => {
                take(&mut self.holds, which);
                Ok(())
            }
            Step::Unpin { which } => {
                take(&mut self.pins, which);
                Ok(())
            }
            Step::Reopen => {
                self.close();
                self.open()
            }
        }
    }

    fn shown(&self) -> Shown {
        let plugins = self.registry().plugins().expect("the disk is well").into_iter().map(|entry| {
            let versions = entry.versions.iter().map(|version| (version.number, version.digest));
            (entry.plugin, (entry.live, versions.collect()))
        });
        plugins.collect()
    }

    /// Every version's bytes are what was put in.
    fn check_bytes(&self) {
        for (_, versions) in self.shown().into_values() {
            for digest in versions.into_values() {
                self.registry().bytes(&digest).expect("a version that is shown has its bytes");
            }
        }
    }

    fn files(&self) -> BTreeSet<String> {
        let files = self.disk.files("components/").into_iter();
        files.map(|(path, _)| path.file_name().expect("a file").to_string_lossy().into_owned()).collect()
    }
}

fn check(history: &[(Step, Option<(u32, Fault)>)], seed: u64) {
    let disk = SimDisk::default();
    let random = fastrand::Rng::with_seed(seed);
    let mut real = Real { disk, registry: None, holds: Vec::new(), pins: Vec::new(), random };
    real.open().expect("a new registry opens");
    let mut model = Model::default();
    // Files that nobody needs may stay after a fault, until the registry is opened.
    let mut is_tidy = true;
    for (step, fault) in history {
        if let Some((after, fault)) = fault {
            real.disk.fail_after(*after, *fault);
        }
        let mut next = model.clone();
        let expected = next.take(step);
        let found = real.take(step);
        let failed = real.disk.heal() && fault.is_some();
        if matches!(step, Step::Reopen) {
            (next.held, next.pinned, is_tidy) = (Vec::new(), Vec::new(), true);
        }
        if failed {
            is_tidy = false;
            let lost_power = fault.is_some_and(|(_, fault)| fault == Fault::Power);
            settle(&mut real, &mut model, next, (expected.is_ok(), found), lost_power);
        } else {
            let kinds = (expected.as_ref().map_err(discriminant), found.as_ref().map_err(discriminant));
            assert_eq!(kinds.0, kinds.1, "{step:?}: expected {expected:?}, found {found:?}");
            if expected.is_ok() {
                model = next;
            }
        }
        assert_eq!(real.shown(), model.shown(), "after {step:?}");
        real.check_bytes();
        if is_tidy {
            let mut needed = model.named();
            needed.extend(&model.pinned);
            let needed = needed.iter().map(|content| format!("{}.wasm", Digest::of(&bytes_of(*content))));
            assert_eq!(real.files(), needed.collect(), "after {step:?}");
        }
    }
}

/// After a fault: what was acknowledged is there, and what was not is there as a whole or not at all.
fn settle(real: &mut Real, model: &mut Model, next: Model, told: (bool, Result<(), RegistryError>), lost_power: bool) {
    let (is_legal, found) = told;
    if lost_power || real.registry.is_none() {
        real.close();
        real.disk.restart(&mut real.random);
        real.open().expect("it opens whatever happened");
    }
    // What lives in memory only.
    let mut next = next;
    for model in [&mut *model, &mut next] {
        if real.holds.is_empty() {
            model.held.clear();
        }
        model.held.truncate(real.holds.len());
        model.pinned.truncate(real.pins.len());
        if real.pins.is_empty() {
            model.pinned.clear();
        }
    }
    match found {
        // A fault that the registry could pass over.
        Ok(()) if is_legal => *model = next,
        Ok(()) => panic!("a step was acknowledged that should have been refused"),
        Err(error) => {
            let shown = real.shown();
            let both = [model.shown(), next.shown()];
            assert!(both.contains(&shown), "{error}: {shown:?} is neither of {both:?}");
            if is_legal && shown == both[1] {
                model.plugins = next.plugins;
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, max_shrink_iters: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn a_registry_does_what_a_map_does_and_forgets_nothing(history in steps(), seed in any::<u64>()) {
        check(&history, seed);
    }
}
