//! The network of a host, and one plugin's part of it.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Arc, Weak};

use call::{Failure, Network, NetworkUsage, Reach, code};
use parking_lot::Mutex;
use rustls::ClientConfig;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::counted::Counts;
use crate::dial::Resolve;
use crate::limits::{CONNECTIONS_MAX, PLUGIN_CONNECTIONS_MAX, TOLD_HOSTS_MAX};
use crate::policy::Policy;
use crate::reach::Connections;
use crate::tls::{self, Trust, TrustError};

/// The network of a host. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Networks {
    tls: Arc<ClientConfig>,
    resolver: Arc<dyn Resolve>,
    places: Arc<Semaphore>,
    /// Of plugins that are in use, by tenant and plugin.
    kept: Arc<Mutex<AllKept>>,
}

type AllKept = HashMap<(String, String), Weak<Kept>>;

/// What a plugin keeps when what it may reach changes.
#[derive(Debug)]
struct Kept {
    places: Arc<Semaphore>,
    counts: Arc<Counts>,
}

impl Networks {
    /// Opens nothing yet.
    ///
    /// # Errors
    /// The platform has no certificates, or these are none.
    pub fn new(trust: Trust, resolver: Arc<dyn Resolve>) -> Result<Self, TrustError> {
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        Ok(Self { tls: tls::config(trust)?, resolver, places, kept: Arc::default() })
    }

    /// What one plugin of one tenant may reach. As long as one of the same names is in use, another goes on with its numbers.
    pub fn plugin(&self, tenant: &str, plugin: &str, policy: Policy) -> Arc<dyn Network> {
        Arc::new(PluginNetwork(Arc::new(Plugin {
            tenant: tenant.to_owned(),
            plugin: plugin.to_owned(),
            policy,
            networks: self.clone(),
            kept: self.kept(tenant, plugin),
            told: Mutex::default(),
        })))
    }

    fn kept(&self, tenant: &str, plugin: &str) -> Arc<Kept> {
        let mut all = self.kept.lock();
        let key = (tenant.to_owned(), plugin.to_owned());
        if let Some(kept) = all.get(&key).and_then(Weak::upgrade) {
            return kept;
        }
        let places = Arc::new(Semaphore::new(PLUGIN_CONNECTIONS_MAX));
        let kept = Arc::new(Kept { places, counts: Arc::default() });
        all.retain(|_, kept| kept.strong_count() > 0);
        all.insert(key, Arc::downgrade(&kept));
        kept
    }
}

#[derive(Debug)]
struct PluginNetwork(Arc<Plugin>);

impl Network for PluginNetwork {
    fn begin(&self) -> Box<dyn Reach> {
        Box::new(Connections::new(self.0.clone()))
    }

    fn usage(&self) -> NetworkUsage {
        let Kept { places, counts } = &*self.0.kept;
        let open = PLUGIN_CONNECTIONS_MAX - places.available_permits();
        NetworkUsage { open: open as u64, ..counts.view() }
    }
}

/// What the connections of a plugin share.
#[derive(Debug)]
pub(crate) struct Plugin {
    tenant: String,
    plugin: String,
    policy: Policy,
    networks: Networks,
    kept: Arc<Kept>,
    /// Hosts of which the log has told.
    told: Mutex<HashSet<String>>,
}

/// A connection's place, for as long as it lives.
#[derive(Debug)]
pub(crate) struct Place {
    _plugins: OwnedSemaphorePermit,
    _hosts: OwnedSemaphorePermit,
}

impl Plugin {
    pub(crate) fn policy(&self) -> &Policy {
        &self.policy
    }

    pub(crate) fn tls(&self) -> &Arc<ClientConfig> {
        &self.networks.tls
    }

    pub(crate) fn resolver(&self) -> &dyn Resolve {
        &*self.networks.resolver
    }

    pub(crate) fn counts(&self) -> &Arc<Counts> {
        &self.kept.counts
    }

    /// # Errors
    /// `FULL`: the plugin, or the host, has as many connections as it may.
    pub(crate) fn place(&self) -> Result<Place, Failure> {
        let take = |places: &Arc<Semaphore>, whose: &str| {
            let full = |_| Failure::new(code::FULL, format!("{whose} has as many connections as it may have"));
            places.clone().try_acquire_owned().map_err(full)
        };
        Ok(Place { _plugins: take(&self.kept.places, "the plugin")?, _hosts: take(&self.networks.places, "the host")? })
    }

    /// A host of the list leads where it must not: its operator should know, once.
    pub(crate) fn tell_of(&self, host: &str, addresses: &[IpAddr]) {
        let news = {
            let mut told = self.told.lock();
            told.len() < TOLD_HOSTS_MAX && told.insert(host.to_owned())
        };
        if news {
            let (tenant, plugin) = (&self.tenant, &self.plugin);
            tracing::warn!(
                tenant,
                plugin,
                host,
                ?addresses,
                "a host that is granted leads to private addresses: refused, unless `private_hosts` names it"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemResolver;

    #[test]
    fn numbers_stay_when_what_may_be_reached_changes() {
        let networks = Networks::new(Trust::Roots(Vec::new()), Arc::new(SystemResolver)).unwrap();
        let before = networks.plugin("acme", "one", Policy::default());
        assert_eq!(before.begin().open("wss://example.com/", &[]).unwrap_err().code, code::NOT_GRANTED);
        let policy = Policy { hosts: vec!["example.com".parse().unwrap()], ..Policy::default() };
        let after = networks.plugin("acme", "one", policy);
        assert_eq!((before.usage().not_granted, after.usage().not_granted), (1, 1));
        assert_eq!(networks.plugin("acme", "two", Policy::default()).usage().not_granted, 0, "another's are its own");
        drop((before, after));
        assert_eq!(networks.plugin("acme", "one", Policy::default()).usage().not_granted, 0, "it was gone");
        assert_eq!(networks.kept.lock().len(), 1, "nothing of those that are gone is kept");
    }
}
