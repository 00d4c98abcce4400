//! The registry against a model of it, on disks that fail and lose power; and its refusals one by one.

mod model;
mod opening;
mod rules;
mod sim_disk;

use crate::digest::Digest;
use crate::error::RegistryError;
use crate::registry::Registry;
use crate::version::{Origin, Provenance, Version};

pub(super) fn provenance() -> Provenance {
    Provenance { origin: Origin::Upload, by: "test".to_owned(), at_unix_s: 7 }
}

pub(super) fn push(registry: &Registry, plugin: &str, bytes: &[u8]) -> Result<Version, RegistryError> {
    let component = registry.put(bytes)?;
    assert_eq!(component.digest(), Digest::of(bytes));
    registry.add("acme", plugin, &component, provenance())
}
