//! What the registry knows of a version.

use std::collections::BTreeMap;

use crate::digest::Digest;

/// Where a version came from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Origin {
    /// A file of this machine, by its path.
    File(String),
    /// Somebody sent the bytes.
    Upload,
    /// An OCI registry: the reference that was asked for, with the manifest's digest.
    Oci(String),
}

impl Origin {
    /// Its kind as listings show it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::File(_) => "file",
            Self::Upload => "upload",
            Self::Oci(_) => "oci",
        }
    }

    /// The path or reference; empty for an upload.
    pub fn place(&self) -> &str {
        match self {
            Self::File(place) | Self::Oci(place) => place,
            Self::Upload => "",
        }
    }
}

/// Who brought a version, from where, and when.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Provenance {
    /// From where.
    pub origin: Origin,
    /// Who: a name that the caller answers for. Never a secret.
    pub by: String,
    /// When, in seconds since 1970, by the caller's clock.
    pub at_unix_s: u64,
}

/// One version of a plugin.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Version {
    /// Its number: from 1, one more for each of the same plugin, never given twice.
    pub number: u64,
    /// Its component.
    pub digest: Digest,
    /// The component's size.
    pub size_bytes: u64,
    /// Where it came from.
    pub provenance: Provenance,
}

/// Which version new calls get, and which one they got before.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Live {
    /// What new calls get. None: nothing was promoted yet.
    pub live: Option<u64>,
    /// What a rollback makes live.
    pub previous: Option<u64>,
}

/// What became of a version, where it is known. Times are milliseconds since 1970, by the caller's clock.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Milestones {
    /// How long compiling took, in milliseconds. None: its code was there.
    pub compile_ms: Option<u64>,
    /// When it was made live last.
    pub live_unix_ms: Option<u64>,
    /// When it got its first call.
    pub first_call_unix_ms: Option<u64>,
}

/// A plugin in a listing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PluginEntry {
    /// Whose it is.
    pub tenant: String,
    /// Its name.
    pub plugin: String,
    /// What is live and what was.
    pub live: Live,
    /// Versions that are there, oldest first.
    pub versions: Vec<Version>,
    /// What became of them, by number.
    pub milestones: BTreeMap<u64, Milestones>,
}
