//! From the configuration as written to the resolved one: the file, its tenants, and what all sections share.
//!
//! Every function reports all that is wrong and answers `None` when something was; so the whole file is walked whatever
//! happens, and the result exists exactly when nothing was reported.

use std::collections::{BTreeSet, HashMap};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use super::Env;
use super::problem::{Place, ProblemKind};
use super::read::{At, Field, Reader};
use super::resolved::{Config, Name, Quota, Tenant};
use super::route::Names;
use super::written::{Written, WrittenQuota, WrittenTenant};
use crate::limits;

/// What resolving needs beside the text: where relative paths start, the environment, and where problems go.
pub(super) struct Resolver<'a> {
    pub(super) folder: &'a Path,
    /// Versions of plugins are kept.
    pub(super) keeps_versions: bool,
    pub(super) env: &'a Env<'a>,
    pub(super) reader: &'a mut Reader,
    /// Files that were read beside it.
    pub(super) files: BTreeSet<PathBuf>,
}

impl Resolver<'_> {
    pub(super) fn config(mut self, file: &Path, written: Written) -> Option<Config> {
        let has_data_dir = !written.data_dir.is_absent();
        self.keeps_versions = has_data_dir;
        let data_dir = match written.data_dir {
            Field::Absent => Some(PathBuf::from("switchhook-data")),
            Field::Refused => None,
            Field::Given(At { value, place }) if value.is_empty() => {
                self.reader.bad_value(&place, "an empty path", "name a folder");
                None
            }
            Field::Given(at) => Some(PathBuf::from(at.value)),
        };
        let admin = self.optional(written.admin, None, |resolver, at| resolver.admin(at).map(Some));
        let traces = self.optional(written.traces, None, |resolver, at| resolver.traces(at).map(Some));
        let tenants = self.some(written.tenants, &written.place, "tenant", "a host without a tenant takes no calls");
        self.unique("tenant", tenants.iter().flatten().map(|tenant| &tenant.name));
        let tenants = all(tenants?.into_iter().map(|tenant| self.tenant(tenant)));
        let (data_dir, tenants) = (self.folder.join(data_dir?), tenants?);
        let (file, admin, traces) = (file.to_owned(), admin?, traces?);
        Some(Config { file, data_dir, has_data_dir, admin, traces, tenants, files: self.files })
    }

    fn tenant(&mut self, written: WrittenTenant) -> Option<Tenant> {
        let WrittenTenant { place, name, quota, secrets, connectors, plugins, routes } = written;
        let name = self.name(name, &place);
        let quota = self.optional(quota, Quota::default(), |resolver, at| resolver.quota(at.value));
        let connectors = self.some(connectors, &place, "telcoflow", "without a connector no call comes in");
        let routes = self.some(routes, &place, "route", "without a route no call is answered");
        let plugins = match plugins {
            Field::Absent => Some(Vec::new()),
            plugins => plugins.given().map(|at| at.value),
        };
        let connector_names = self.unique("connector", connectors.iter().flatten().map(|connector| &connector.name));
        let plugin_names = self.unique("plugin", plugins.iter().flatten().map(|plugin| &plugin.name));
        let connectors = connectors.and_then(|list| all(list.into_iter().map(|connector| self.connector(connector))));
        // Of a connector that is wrong nothing is known that a plugin could be wrong about.
        let known = connectors.iter().flatten();
        let rates: Vec<_> = known.map(|known| (known.name.clone(), known.sample_rate.hz())).collect();
        let secrets = self.secrets(secrets);
        let plugin = |plugin| self.plugin(plugin, &rates, &secrets);
        let plugins = plugins.and_then(|list| all(list.into_iter().map(plugin)));
        let routes = routes
            .and_then(|list| all(list.into_iter().map(|route| self.route(route, &connector_names, &plugin_names))));
        Some(Tenant { name: name?, quota: quota?, connectors: connectors?, plugins: plugins?, routes: routes? })
    }

    fn quota(&mut self, written: WrittenQuota) -> Option<Quota> {
        let WrittenQuota { calls_max, setups_per_s_max, places_per_s_max, cpu_percent_max, memory_bytes_max } = written;
        let percent = 1..=u64::from(limits::CPU_PERCENT_MAX);
        let calls_max = self.some_number(calls_max, 1..=limits::QUOTA_CALLS_MAX);
        let setups_per_s_max = self.some_number(setups_per_s_max, 1..=limits::QUOTA_SETUPS_PER_S_MAX);
        let places_per_s_max = self.some_number(places_per_s_max, 1..=limits::QUOTA_PLACES_PER_S_MAX);
        let cpu_percent_max = self.some_number(cpu_percent_max, percent);
        let memory_bytes_max = self.some_number(memory_bytes_max, limits::QUOTA_MEMORY_BYTES_MIN..=i64::MAX as u64);
        Some(Quota {
            calls_max: calls_max?,
            setups_per_s_max: setups_per_s_max?,
            places_per_s_max: places_per_s_max?,
            cpu_percent_max: cpu_percent_max?,
            memory_bytes_max: memory_bytes_max?,
        })
    }

    /// The names that stand at `written` (also the illegal ones, so that a reference to one is not a second problem),
    /// with a complaint about each that stands there twice.
    fn unique<'w>(&mut self, noun: &str, written: impl Iterator<Item = &'w Field<String>>) -> Names {
        let mut names: HashMap<String, (usize, Place)> = HashMap::new();
        for (index, name) in written.enumerate() {
            let Some(At { value, place }) = name.as_given() else {
                continue;
            };
            if let Some((_, first)) = names.get(value) {
                let what = format!("the {noun} of line {} is called {value:?} already", first.line);
                self.reader.report(ProblemKind::Duplicate, place, what, "give it another name");
            } else {
                names.insert(value.clone(), (index, place.clone()));
            }
        }
        Names { indexes: names.into_iter().map(|(name, (index, _))| (name, index)).collect() }
    }

    pub(super) fn name(&mut self, written: Field<String>, section: &Place) -> Option<Name> {
        let At { value, place } = self.required(written, section, "name", "give it a name")?;
        let legal = value.starts_with(|c: char| c.is_ascii_alphanumeric())
            && value.len() <= limits::NAME_BYTES_MAX
            && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
        if !legal {
            let help = format!(
                "use 1 to {} letters, digits, `_`, `-` and `.`, with a letter or digit first",
                limits::NAME_BYTES_MAX
            );
            self.reader.bad_value(&place, format!("{value:?} is not a name"), help);
        }
        legal.then_some(Name(value))
    }

    /// At least one of a list of tables.
    fn some<T>(&mut self, written: Field<Vec<T>>, section: &Place, key: &str, why: &str) -> Option<Vec<T>> {
        match written {
            Field::Refused => None,
            Field::Given(At { value, .. }) if !value.is_empty() => Some(value),
            Field::Absent | Field::Given(_) => {
                let header = if section.key.is_empty() { key.to_owned() } else { format!("tenant.{key}") };
                self.reader.missing(&section.child(key), format!("missing: {why}"), format!("add `[[{header}]]`"));
                None
            }
        }
    }

    pub(super) fn required<T>(&mut self, written: Field<T>, section: &Place, key: &str, help: &str) -> Option<At<T>> {
        if written.is_absent() {
            self.reader.missing(&section.child(key), "missing", help);
        }
        written.given()
    }

    pub(super) fn optional<T, U>(
        &mut self,
        written: Field<T>,
        default: U,
        read: impl FnOnce(&mut Self, At<T>) -> Option<U>,
    ) -> Option<U> {
        match written {
            Field::Absent => Some(default),
            Field::Refused => None,
            Field::Given(at) => read(self, at),
        }
    }

    /// A number that need not be there.
    fn some_number(&mut self, written: Field<i64>, legal: RangeInclusive<u64>) -> Option<Option<u64>> {
        if written.is_absent() {
            return Some(None);
        }
        self.number(written, legal, 0).map(Some)
    }

    pub(super) fn number(&mut self, written: Field<i64>, legal: RangeInclusive<u64>, default: u64) -> Option<u64> {
        self.optional(written, default, |resolver, At { value, place }| {
            let number = u64::try_from(value).ok().filter(|number| legal.contains(number));
            if number.is_none() {
                let help = format!("use {} to {}", legal.start(), legal.end());
                resolver.reader.bad_value(&place, format!("{value} is out of range"), help);
            }
            number
        })
    }
}

/// Walks the whole list, then answers it if everything in it is good.
pub(super) fn all<T>(list: impl Iterator<Item = Option<T>>) -> Option<Vec<T>> {
    list.collect::<Vec<_>>().into_iter().collect()
}
