//! What is different between the configuration that runs and the one that shall run. Pure.
//!
//! What is equal is not among the changes, so that nothing is done to it. Names say what is the same: a tenant, connector or
//! plugin of another name is another one.

use std::fmt;
use std::time::Duration;

use crate::config::{Channel, Config, Connector, Name, Pattern, Plugin, Route, Tenant};

/// One difference.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Change {
    /// Whose.
    pub tenant: Name,
    /// What.
    pub what: What,
}

/// What is different for a tenant.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum What {
    /// The tenant with all that it has.
    Tenant(How),
    /// What it may use.
    Quota,
    /// One of its connectors.
    Connector(Name, How),
    /// The order in which its connectors are tried.
    Order,
    /// One of its plugins, whatever of it.
    Plugin(Name, How),
    /// Where a plugin that stays has its versions from. Such a plugin has also changed.
    Source(Name),
    /// Which plugin answers which number.
    Routes,
}

/// How something named is different.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum How {
    /// It was not there.
    Added,
    /// It is there under the same name.
    Changed,
    /// It is not there any more.
    Gone,
}

/// Everything that is different for tenants, in the order of the wanted configuration; those that go come last.
pub(super) fn diff(running: &Config, wanted: &Config) -> Vec<Change> {
    let mut changes = Vec::new();
    for tenant in &wanted.tenants {
        let mut tell = |what| changes.push(Change { tenant: tenant.name.clone(), what });
        match running.tenants.iter().find(|before| before.name == tenant.name) {
            Some(before) => diff_tenant(before, tenant, &mut tell),
            None => tell(What::Tenant(How::Added)),
        }
    }
    let gone = |tenant: &&Tenant| !wanted.tenants.iter().any(|kept| kept.name == tenant.name);
    let gone = running.tenants.iter().filter(gone);
    changes.extend(gone.map(|tenant| Change { tenant: tenant.name.clone(), what: What::Tenant(How::Gone) }));
    changes
}

/// What is different and cannot be changed while the host runs, in words for the operator.
pub(super) fn fixed(running: &Config, wanted: &Config) -> Vec<String> {
    // Each key has its place here or in `diff`.
    let Config { file: _, data_dir, has_data_dir, admin: _, traces, tenants: _, files: _ } = running;
    let restart = "cannot change while the host runs: put it back, or restart the host";
    let mut fixed = Vec::new();
    if (data_dir, has_data_dir) != (&wanted.data_dir, &wanted.has_data_dir) {
        fixed.push(format!("data_dir: {restart}"));
    }
    let listen = |config: &Config| config.admin.as_ref().map(|admin| admin.listen);
    if listen(running) != listen(wanted) {
        fixed.push(format!("admin.listen: {restart}"));
    }
    if *traces != wanted.traces {
        fixed.push(format!("traces: {restart}"));
    }
    fixed
}

/// Whether the admin interface is for others than before.
pub(super) fn token_changed(running: &Config, wanted: &Config) -> bool {
    let token = |config: &Config| config.admin.as_ref().map(|admin| admin.token.clone());
    token(running) != token(wanted)
}

fn diff_tenant(before: &Tenant, after: &Tenant, tell: &mut impl FnMut(What)) {
    let Tenant { name: _, quota, connectors, plugins, routes: _ } = after;
    if before.quota != *quota {
        tell(What::Quota);
    }
    let name = |connector: &Connector| connector.name.clone();
    named(&before.connectors, connectors, name, |name, how| tell(What::Connector(name, how)));
    if order(&before.connectors, connectors) != order(connectors, &before.connectors) {
        tell(What::Order);
    }
    let name = |plugin: &Plugin| plugin.name.clone();
    named(&before.plugins, plugins, name, |name, how| {
        let source =
            |list: &[Plugin]| list.iter().find(|plugin| plugin.name == name).map(|plugin| plugin.source.clone());
        let moved = how == How::Changed && source(&before.plugins) != source(plugins);
        tell(What::Plugin(name.clone(), how));
        if moved {
            tell(What::Source(name));
        }
    });
    if routes_of(before) != routes_of(after) {
        tell(What::Routes);
    }
}

fn named<T: PartialEq>(before: &[T], after: &[T], name: impl Fn(&T) -> Name, mut tell: impl FnMut(Name, How)) {
    for one in after {
        match before.iter().find(|other| name(other) == name(one)) {
            Some(other) if other == one => {}
            Some(_) => tell(name(one), How::Changed),
            None => tell(name(one), How::Added),
        }
    }
    for one in before.iter().filter(|one| !after.iter().any(|kept| name(kept) == name(one))) {
        tell(name(one), How::Gone);
    }
}

/// Those of the first that are among the second too.
fn order<'a>(of: &'a [Connector], among: &[Connector]) -> Vec<&'a Name> {
    let common = |connector: &&Connector| among.iter().any(|other| other.name == connector.name);
    of.iter().filter(common).map(|connector| &connector.name).collect()
}

/// A route with names where the configuration has positions.
pub(super) type NamedRoute<'a> = (&'a Pattern, &'a Pattern, Option<Channel>, Option<&'a Name>, &'a Name, Duration);

pub(super) fn routes_of(tenant: &Tenant) -> Vec<NamedRoute<'_>> {
    let mut named = Vec::new();
    for route in &tenant.routes {
        let Route { to, from, channel, connector: _, plugin: _, hold } = route;
        let connector = tenant.connector_of(route).map(|connector| &connector.name);
        named.push((to, from, *channel, connector, &tenant.plugin_of(route).name, *hold));
    }
    named
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Gone => "gone",
        })
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tenant, what } = self;
        match what {
            What::Tenant(how) => write!(f, "tenant {tenant}: {how}"),
            What::Quota => write!(f, "tenant {tenant}: quota changed"),
            What::Connector(name, how) => write!(f, "tenant {tenant}: connector {name} {how}"),
            What::Order => write!(f, "tenant {tenant}: order of connectors changed"),
            What::Plugin(name, how) => write!(f, "tenant {tenant}: plugin {name} {how}"),
            What::Source(name) => write!(f, "tenant {tenant}: source of plugin {name} changed"),
            What::Routes => write!(f, "tenant {tenant}: routes changed"),
        }
    }
}
