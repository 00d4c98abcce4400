//! What plugins may reach beyond their calls, and what the host opens for it.

use std::path::Path;
use std::sync::Arc;

use ::network::{Networks, SystemResolver, Trust, TrustError};
use key_value::{Clock, KeyValueLimits, KeyValues, SystemClock};
use recordings::{Recorder, RecorderError, RecorderLimits};
use sandbox::GuestSetup;

use crate::config::{Config, Grants};

/// The services of a host. By default there are none, whatever is granted. Cheap to clone.
#[derive(Clone, Default)]
pub struct Services {
    recorder: Option<Recorder>,
    key_values: Option<KeyValues>,
    networks: Option<Networks>,
}

/// A service cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ServicesError {
    /// The folder of recordings.
    #[error("{0}")]
    Recorder(#[from] RecorderError),
    /// The database of keys and values.
    #[error("{0}")]
    KeyValues(#[from] key_value::OpenError),
    /// Whom to trust out there.
    #[error("{0}")]
    Networks(#[from] TrustError),
}

impl Services {
    /// Opens what some plugin of a configuration is granted.
    ///
    /// # Errors
    /// The data directory takes no folder, or another host uses it; or the platform has no certificates.
    pub fn open(config: &Config) -> Result<Self, ServicesError> {
        Self::default().with(config)
    }

    /// Those that are open, and what else some plugin of a configuration is granted.
    ///
    /// # Errors
    /// As for [`Services::open`].
    pub fn with(&self, config: &Config) -> Result<Self, ServicesError> {
        let mut missing = Grants::default();
        for plugin in config.tenants.iter().flat_map(|tenant| &tenant.plugins) {
            missing.recording |= plugin.grants.recording && self.recorder.is_none();
            missing.key_value |= plugin.grants.key_value && self.key_values.is_none();
        }
        let opened = Self::in_folder(&config.data_dir, &missing, Arc::new(SystemClock))?;
        let mut plugins = config.tenants.iter().flat_map(|tenant| &tenant.plugins);
        let reaches = self.networks.is_none() && plugins.any(|plugin| !plugin.grants.network.is_empty());
        let networks = reaches.then(|| Networks::new(Trust::Platform, Arc::new(SystemResolver))).transpose()?;
        Ok(Self {
            recorder: self.recorder.clone().or(opened.recorder),
            key_values: self.key_values.clone().or(opened.key_values),
            networks: self.networks.clone().or(networks),
        })
    }

    /// Opens what these grants need in a data directory, and no network. Values are forgotten by `clock`.
    ///
    /// # Errors
    /// As for [`Services::open`].
    pub fn in_folder(folder: &Path, wanted: &Grants, clock: Arc<dyn Clock>) -> Result<Self, ServicesError> {
        let recorder = wanted.recording.then(|| Recorder::open(folder, RecorderLimits::default())).transpose()?;
        let open = || KeyValues::open(folder, KeyValueLimits::default(), clock);
        let key_values = wanted.key_value.then(open).transpose()?;
        Ok(Self { recorder, key_values, networks: None })
    }

    /// A plugin's own part of what it is granted, in what its guests are started with.
    ///
    /// # Errors
    /// The names are not safe in paths; those of a configuration are.
    pub fn grant(
        &self,
        tenant: &str,
        plugin: &str,
        grants: &Grants,
        setup: GuestSetup,
    ) -> Result<GuestSetup, RecorderError> {
        let recorder = self.recorder.as_ref().filter(|_| grants.recording);
        let key_values = self.key_values.as_ref().filter(|_| grants.key_value);
        let networks = self.networks.as_ref().filter(|_| !grants.network.is_empty());
        Ok(GuestSetup {
            recordings: recorder.map(|recorder| recorder.plugin(tenant, plugin)).transpose()?,
            key_value: key_values.map(|values| values.plugin(tenant, plugin)),
            network: networks.map(|networks| networks.plugin(tenant, plugin, grants.network.clone())),
            may_place: grants.calls,
            ..setup
        })
    }

    /// Waits until everything is on the disk, and closes what is open.
    pub async fn close(&self) {
        if let Some(recorder) = &self.recorder {
            recorder.close().await;
        }
        if let Some(key_values) = &self.key_values {
            key_values.close().await;
        }
    }
}
