//! Every bound of the registry, with its unit, and what happens when it is reached.

/// Bytes of one component: what the sandbox takes. More: it is refused unread.
pub const COMPONENT_BYTES_MAX: u64 = 64 << 20;
/// Bytes of all components. More: a new one is refused.
pub const TOTAL_BYTES_MAX: u64 = 16 << 30;
/// Plugins of all tenants. More: a version of a further one is refused.
pub const PLUGINS_MAX: u64 = 4_096;
/// Versions of one plugin that are kept. The oldest is dropped for a new one, but the live one, the previous one, the newest of a source and those that are held.
pub const VERSIONS_KEPT_MAX: u64 = 16;
/// Versions of one plugin, those that cannot be dropped because calls hold them included. More: a new one is refused.
pub const VERSIONS_MAX: u64 = 256;
/// Bytes of a tenant's or plugin's name. Longer: refused.
pub const NAME_BYTES_MAX: usize = 64;
/// Bytes of what is written down about a version's origin. Longer: refused.
pub const PROVENANCE_BYTES_MAX: usize = 1 << 10;
/// Bytes of the database that are kept in memory. More are read again.
pub const DATABASE_CACHE_BYTES: usize = 4 << 20;
/// Files that are watched. A further one is not.
pub const FILES_MAX: usize = 4_096;
/// Milliseconds that a watched file must not have changed before it is read. Sooner: it is looked at again.
pub const FILE_QUIET_MS: u64 = 200;
/// Milliseconds between looks at the watched files while the system tells of changes.
pub const FILE_SWARM_MS: u64 = 20;
/// Milliseconds between looks at the watched files when the system tells of no change.
pub const FILE_LOOK_MS: u64 = 1_000;
/// Milliseconds for pulling one component from an OCI registry. Longer: it is given up.
pub const OCI_PULL_MS_MAX: u64 = 120_000;
/// Milliseconds for reaching an OCI registry. Longer: it is given up.
pub const OCI_CONNECT_MS_MAX: u64 = 10_000;
/// Milliseconds in which an OCI registry may send nothing. Longer: it is given up.
pub const OCI_SILENT_MS_MAX: u64 = 20_000;

/// All of them for `switchhook limits`: name, value, what happens when it is reached.
pub const TABLE: &[(&str, u64, &str)] = &[
    ("component_bytes_max", COMPONENT_BYTES_MAX, "the component is refused"),
    ("total_bytes_max", TOTAL_BYTES_MAX, "a new component is refused"),
    ("plugins_max", PLUGINS_MAX, "a version of a further plugin is refused"),
    ("versions_kept_max", VERSIONS_KEPT_MAX, "the oldest that nothing needs is dropped"),
    ("versions_max", VERSIONS_MAX, "a new version is refused until calls have let go of old ones"),
    ("name_bytes_max", NAME_BYTES_MAX as u64, "the name is refused"),
    ("provenance_bytes_max", PROVENANCE_BYTES_MAX as u64, "the version is refused"),
    ("database_cache_bytes", DATABASE_CACHE_BYTES as u64, "the rest is read again"),
    ("files_max", FILES_MAX as u64, "a further file is not watched"),
    ("file_quiet_ms", FILE_QUIET_MS, "a file that changed sooner is looked at again"),
    ("file_swarm_ms", FILE_SWARM_MS, "further changes are looked at together"),
    ("file_look_ms", FILE_LOOK_MS, "changes that the system does not tell of are found"),
    ("oci_pull_ms_max", OCI_PULL_MS_MAX, "pulling the component is given up"),
    ("oci_connect_ms_max", OCI_CONNECT_MS_MAX, "pulling the component is given up"),
    ("oci_silent_ms_max", OCI_SILENT_MS_MAX, "pulling the component is given up"),
];
