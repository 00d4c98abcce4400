//! Why a version was not taken, or not made live: whose fault, what, and what to do.

use registry::RegistryError;
use registry::source::OciError;
use sandbox::{LoadError, StartError};

use crate::capabilities::{Want, listed};

/// Why a version was not taken, or not made live. Nothing has changed then, unless the disk failed.
#[derive(Debug, thiserror::Error)]
pub enum LoadRefused {
    /// There is no tenant of that name.
    #[error("there is no tenant of this name")]
    UnknownTenant,
    /// The tenant has no plugin of that name.
    #[error("the tenant has no plugin of this name: plugins are named in the configuration")]
    UnknownPlugin,
    /// The component is at fault, or there is no room to compile it now.
    #[error("{0}")]
    Component(#[from] LoadError),
    /// No guest of it can be made.
    #[error("no guest of it can be made: {0}")]
    Start(#[from] StartError),
    /// It does not serve what the live version serves.
    #[error("it handles no {0}, and the live version does: make it a plugin of its own")]
    Unfit(&'static str),
    /// It wants more than the live version, or, as the first, more than is granted.
    #[error("this version also wants {}: if it shall have that, approve it", listed(.0))]
    Widens(Vec<Want>),
    /// Somebody else was quicker.
    #[error("another version was made live meanwhile: look, then try again")]
    Changed,
    /// Too many at once.
    #[error("{pushes_max} versions are being brought in already: try again later")]
    Busy {
        /// How many may be.
        pushes_max: usize,
    },
    /// The registry refuses or fails.
    #[error("{0}")]
    Registry(#[from] RegistryError),
    /// The component could not be pulled.
    #[error("{0}")]
    Oci(#[from] OciError),
    /// The source's file cannot be read.
    #[error("{path}: the plugin cannot be read: {error}: build it, or correct `source`")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system said.
        error: std::io::Error,
    },
    /// The host's fault.
    #[error("the host could not do it: {0}")]
    Host(String),
}
