//! What a plugin remembers: before a call, and after it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use call::{Failure, KeyValueStore};
use key_value::Clock;
use sandbox::GuestSetup;

use super::Expectations;
use crate::config::Grants;
use crate::services::Services;
use crate::simulated::TENANT;

/// The values of the keys that a scenario asks for.
pub(super) type Remembered = BTreeMap<String, Vec<u8>>;

/// Has it remember what the scenario says, before the call.
pub(super) async fn begin(store: Option<&Arc<dyn KeyValueStore>>, values: &[(String, String)]) -> Result<(), String> {
    for (key, value) in values {
        let Some(store) = store else { break };
        let set = store.set(key.clone(), value.clone().into_bytes(), None).await;
        set.map_err(|failure| cannot("remembered", key, &failure))?;
    }
    Ok(())
}

/// What it remembers once the call is over, and the store closed.
pub(super) async fn end(
    folder: Option<&Path>,
    clock: Arc<dyn Clock>,
    plugin: &str,
    expect: &Expectations,
) -> Result<Remembered, String> {
    let keys = expect.remembers.1.iter().map(|(key, _)| key).chain(expect.forgets.iter().map(|(_, key)| key));
    let mut found = Remembered::new();
    let Some(folder) = folder.filter(|_| keys.clone().next().is_some()) else {
        return Ok(found);
    };
    let grants = Grants { key_value: true, ..Grants::default() };
    let services = Services::in_folder(folder, &grants, clock).map_err(|error| error.to_string())?;
    let setup = services.grant(TENANT, plugin, &grants, GuestSetup::default()).map_err(|error| error.to_string())?;
    for key in keys {
        let Some(store) = &setup.key_value else { break };
        let value = store.get(key.clone()).await.map_err(|failure| cannot("read", key, &failure))?;
        found.extend(value.map(|value| (key.clone(), value)));
    }
    services.close().await;
    Ok(found)
}

fn cannot(what: &str, key: &str, failure: &Failure) -> String {
    format!("the key {key:?} cannot be {what}: {}: {}", failure.code, failure.message)
}
