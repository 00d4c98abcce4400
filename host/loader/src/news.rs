//! What the exchange tells of versions that the registry must know too.

use std::sync::Weak;
use std::time::SystemTime;

use registry::Milestones;

use crate::loader::{Inner, Loader, unix_ms};

/// The way to a loader for whoever hears of calls. It keeps none alive, and never blocks.
#[derive(Clone)]
pub struct News(pub(crate) Weak<Inner>);

impl News {
    /// A version got its first call.
    pub fn served(&self, tenant: &str, plugin: &str, number: u64) {
        let first_call_unix_ms = Some(unix_ms(SystemTime::now()));
        let new = Milestones { first_call_unix_ms, ..Milestones::default() };
        let (tenant, plugin) = (tenant.to_owned(), plugin.to_owned());
        self.spawn(|loader| async move { loader.note(&tenant, &plugin, number, new).await });
    }

    /// A version was taken off new calls, so that the next start must not serve it either. `version` is how listings name it.
    pub fn withdrawn(&self, tenant: &str, plugin: &str, version: &str) {
        let (tenant, plugin, version) = (tenant.to_owned(), plugin.to_owned(), version.to_owned());
        self.spawn(|loader| async move { loader.withdraw(&tenant, &plugin, &version).await });
    }

    /// Outside of a runtime, and once the loader is gone, there is nobody to write it down.
    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, what: impl FnOnce(Loader) -> F) {
        if let (Some(inner), Ok(runtime)) = (self.0.upgrade(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(what(Loader(inner)));
        }
    }
}
