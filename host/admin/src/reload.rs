//! Reading the configuration anew, which whoever put the host together can do.

use std::future::Future;
use std::pin::Pin;

/// Reads the configuration anew and makes it the one that runs.
pub trait Reload: Send + Sync {
    /// Does it as a whole, also when nobody waits for it any more.
    fn reload(&self) -> Pin<Box<dyn Future<Output = Result<Reloaded, ReloadRefused>> + Send + '_>>;
}

/// What a reload has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reloaded {
    /// In words, one for each thing that is different now; empty when nothing is.
    pub changes: Vec<String>,
}

/// Why a reload has changed nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReloadRefused {
    /// Something is wrong with the configuration, or with what it names.
    #[error("nothing has changed: {}", .0.join("; "))]
    Problems(Vec<String>),
    /// The host ends.
    #[error("the host is draining: it reads no configuration any more")]
    Draining,
}
