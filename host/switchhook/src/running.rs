//! From the resolved configuration to what the crates below run on.

use carriers::telcoflow::{Credentials, ManagerConfig, Secret};
use telcoflow::link::LinkConfig;

use crate::config::Connector;

/// What a connector's session-manager link needs to know.
pub fn manager_config(connector: &Connector) -> ManagerConfig {
    let Connector { base_url, credentials, sdk_version, sample_rate, audio_mode, call_flow, .. } = connector;
    ManagerConfig {
        base_url: base_url.url().clone(),
        credentials: Credentials {
            api_key: Secret::new(credentials.api_key.expose()),
            connector_uuid: credentials.connector_uuid.clone(),
        },
        sdk_version: sdk_version.clone(),
        link: LinkConfig { sample_rate_hz: sample_rate.hz(), audio_mode: *audio_mode, call_flow: *call_flow },
    }
}
