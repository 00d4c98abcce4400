//! The network of a host, and one plugin's part of it.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;

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
}

impl Networks {
    /// Opens nothing yet.
    ///
    /// # Errors
    /// The platform has no certificates, or these are none.
    pub fn new(trust: Trust, resolver: Arc<dyn Resolve>) -> Result<Self, TrustError> {
        Ok(Self { tls: tls::config(trust)?, resolver, places: Arc::new(Semaphore::new(CONNECTIONS_MAX)) })
    }

    /// What one plugin of one tenant may reach.
    pub fn plugin(&self, tenant: &str, plugin: &str, policy: Policy) -> Arc<dyn Network> {
        Arc::new(PluginNetwork(Arc::new(Plugin {
            tenant: tenant.to_owned(),
            plugin: plugin.to_owned(),
            policy,
            networks: self.clone(),
            places: Arc::new(Semaphore::new(PLUGIN_CONNECTIONS_MAX)),
            told: Mutex::default(),
            counts: Arc::default(),
        })))
    }
}

#[derive(Debug)]
struct PluginNetwork(Arc<Plugin>);

impl Network for PluginNetwork {
    fn begin(&self) -> Box<dyn Reach> {
        Box::new(Connections::new(self.0.clone()))
    }

    fn usage(&self) -> NetworkUsage {
        let open = PLUGIN_CONNECTIONS_MAX - self.0.places.available_permits();
        NetworkUsage { open: open as u64, ..self.0.counts.view() }
    }
}

/// What the connections of a plugin share.
#[derive(Debug)]
pub(crate) struct Plugin {
    tenant: String,
    plugin: String,
    policy: Policy,
    networks: Networks,
    places: Arc<Semaphore>,
    /// Hosts of which the log has told.
    told: Mutex<HashSet<String>>,
    counts: Arc<Counts>,
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
        &self.counts
    }

    /// # Errors
    /// `FULL`: the plugin, or the host, has as many connections as it may.
    pub(crate) fn place(&self) -> Result<Place, Failure> {
        let take = |places: &Arc<Semaphore>, whose: &str| {
            let full = |_| Failure::new(code::FULL, format!("{whose} has as many connections as it may have"));
            places.clone().try_acquire_owned().map_err(full)
        };
        Ok(Place { _plugins: take(&self.places, "the plugin")?, _hosts: take(&self.networks.places, "the host")? })
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
