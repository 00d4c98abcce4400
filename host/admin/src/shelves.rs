//! What the interface tells of plugins and their versions, as JSON. Units stand last in the names.

use std::time::{Duration, SystemTime};

use exchange::{PluginView, VersionView};
use loader::{Listed, Pushed, Receipt, Want};
use serde::Serialize;
use utoipa::ToSchema;

use crate::watch::unix_ms;

/// The plugins of a tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Plugins {
    /// In the order of the configuration.
    pub(crate) plugins: Vec<Plugin>,
}

/// One plugin.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Plugin {
    /// Its name within the tenant.
    name: String,
    /// The version that the next call gets; none: it takes no calls.
    version: Option<String>,
    /// Its calls, those included that are being set up.
    calls: usize,
    /// Calls at once, of all its versions.
    calls_max: usize,
    /// Where its versions come from by themselves.
    source: Option<String>,
    /// The number of the live version.
    live: Option<u64>,
    /// The number of the version that a rollback makes live.
    previous: Option<u64>,
    /// Versions that are kept or that calls are on, the oldest first.
    versions: Vec<Version>,
}

/// One version of a plugin.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Version {
    /// Its number; none when the host keeps no registry.
    number: Option<u64>,
    /// How logs name it: the beginning of its digest.
    version: String,
    /// SHA-256 of its component, where it is kept.
    digest: Option<String>,
    /// The component's size.
    size_bytes: Option<u64>,
    /// How it came: `file`, `upload` or `oci`.
    origin: Option<&'static str>,
    /// The file or reference that it came from.
    from: Option<String>,
    /// Who brought it.
    by: Option<String>,
    /// When, seconds since 1970.
    added_unix_s: Option<u64>,
    /// The next call gets it.
    live: bool,
    /// A rollback makes it live.
    previous: bool,
    /// Calls and chats that are on it.
    calls: usize,
    /// How long compiling took, if that was since the start of the host.
    compile_ms: Option<u64>,
    /// When it was made live last, milliseconds since 1970, if that was since the start.
    live_unix_ms: Option<u64>,
    /// When it got its first call since it was loaded, milliseconds since 1970.
    first_call_unix_ms: Option<u64>,
}

/// A version that was brought in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Brought {
    /// Its number, for promoting it.
    number: u64,
    /// How logs name it.
    version: String,
    /// SHA-256 of the component.
    digest: String,
    /// The component's size.
    size_bytes: usize,
    /// The world it implements.
    interface: &'static str,
    /// Whether it handles chats.
    chats: bool,
    /// What it wants beyond its call.
    wants: Vec<Wanted>,
    /// What of that is more than before: promoting it needs `approve=true`.
    also_wants: Vec<Wanted>,
    /// How long compiling took; none: its code was there already.
    compile_ms: Option<u64>,
    /// The plugin had these bytes as this version already.
    known: bool,
}

/// An interface that a version is useless without a grant for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Wanted {
    /// The interface: `key-value`.
    interface: String,
    /// The configuration's word for it.
    grant: String,
    /// Whether the plugin has that grant. Without it the interface answers `NOT_GRANTED`.
    granted: bool,
}

/// A version that was made live.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LiveReceipt {
    /// Its number.
    number: u64,
    /// How logs name it.
    version: String,
    /// SHA-256 of its component.
    digest: String,
    /// How long compiling took, if that was since the start of the host.
    compile_ms: Option<u64>,
    /// When the next call got it, milliseconds since 1970.
    live_unix_ms: u64,
}

impl Plugin {
    pub(crate) fn of(view: PluginView, listed: Option<Listed>) -> Self {
        let version = view.live().map(|live| live.version.clone());
        let number = |role: fn(&VersionView) -> bool| view.versions.iter().find(|view| role(view))?.number;
        let (live, previous) = (number(|view| view.live), number(|view| view.previous));
        let source = listed.as_ref().map(|listed| listed.source.clone());
        let versions = versions(&view.versions, listed);
        let previous = previous.or_else(|| versions.iter().find(|version| version.previous)?.number);
        let PluginView { name, calls, calls_max, .. } = view;
        Self { name, version, calls, calls_max, source, live, previous, versions }
    }
}

/// What the registry keeps, with what runs; and what runs and is not kept.
fn versions(running: &[VersionView], listed: Option<Listed>) -> Vec<Version> {
    let mut running: Vec<&VersionView> = running.iter().collect();
    let mut versions = Vec::new();
    let Listed { entry, receipts, .. } = listed.unwrap_or_else(|| Listed {
        plugin: String::new(),
        source: String::new(),
        entry: None,
        receipts: Default::default(),
    });
    for kept in entry.iter().flat_map(|entry| &entry.versions) {
        let place = running.iter().position(|view| view.number == Some(kept.number));
        let view = place.map(|place| running.remove(place));
        let receipt = receipts.get(&kept.number);
        let known = entry.as_ref().and_then(|entry| entry.milestones.get(&kept.number)).copied().unwrap_or_default();
        let shown = Version::running(view, Some(kept.number));
        let digest = kept.digest.to_string();
        let from = kept.provenance.origin.place();
        let previous = entry.as_ref().is_some_and(|entry| entry.live.previous == Some(kept.number));
        versions.push(Version {
            version: digest.chars().take(12).collect(),
            digest: Some(digest),
            size_bytes: Some(kept.size_bytes),
            origin: Some(kept.provenance.origin.kind()),
            from: (!from.is_empty()).then(|| from.to_owned()),
            by: Some(kept.provenance.by.clone()),
            added_unix_s: Some(kept.provenance.at_unix_s),
            previous,
            compile_ms: receipt.and_then(|receipt| receipt.compiled_in).map(ms).or(known.compile_ms),
            live_unix_ms: receipt.and_then(|receipt| receipt.live_at).map(unix_ms).or(known.live_unix_ms),
            first_call_unix_ms: known.first_call_unix_ms.or(shown.first_call_unix_ms),
            ..shown
        });
    }
    versions.extend(running.into_iter().map(|view| Version::running(Some(view), view.number)));
    versions
}

impl Version {
    fn running(view: Option<&VersionView>, number: Option<u64>) -> Self {
        let first_call = view.and_then(|view| view.first_call);
        Self {
            number,
            version: view.map(|view| view.version.clone()).unwrap_or_default(),
            digest: None,
            size_bytes: None,
            origin: None,
            from: None,
            by: None,
            added_unix_s: None,
            live: view.is_some_and(|view| view.live),
            previous: view.is_some_and(|view| view.previous),
            calls: view.map_or(0, |view| view.calls),
            compile_ms: None,
            live_unix_ms: None,
            first_call_unix_ms: first_call.map(|ago| unix_ms(SystemTime::now()).saturating_sub(ms(ago))),
        }
    }
}

impl From<Pushed> for Brought {
    fn from(pushed: Pushed) -> Self {
        let Pushed { receipt, inspection, wants, also_wants, known } = pushed;
        let wanted = |wants: Vec<Want>| wants.into_iter().map(Wanted::from).collect();
        Self {
            number: receipt.number,
            version: receipt.version,
            digest: receipt.digest,
            size_bytes: inspection.size_bytes,
            interface: inspection.world.as_str(),
            chats: inspection.chats,
            wants: wanted(wants),
            also_wants: wanted(also_wants),
            compile_ms: receipt.compiled_in.map(ms),
            known,
        }
    }
}

impl From<Want> for Wanted {
    fn from(want: Want) -> Self {
        let Want { interface, grant, granted } = want;
        Self { interface, grant, granted }
    }
}

impl From<Receipt> for LiveReceipt {
    fn from(receipt: Receipt) -> Self {
        Self {
            number: receipt.number,
            version: receipt.version,
            digest: receipt.digest,
            compile_ms: receipt.compiled_in.map(ms),
            live_unix_ms: receipt.live_at.map_or(0, unix_ms),
        }
    }
}

fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
