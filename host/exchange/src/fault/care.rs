//! The version that serves one call or chat, the steps that are left when it fails, and who is told of them.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use call::CallPlacer;
use sandbox::{GuestEnd, GuestSetup, Prepared, PreparedChat, StartError};

use super::{Policy, Relief, Scene, Voice};
use crate::clock::{now, since};
use crate::record::{Fault, HandlerFault, Observer};
use crate::share::CpuShare;
use crate::shelf::Place;

/// Takes care of a call's, or a chat's, handlers.
pub(crate) struct Care {
    place: Place,
    /// Places calls for its guests, one after another.
    placer: Option<Arc<dyn CallPlacer>>,
    policy: Policy,
    tenant: String,
    observer: Arc<dyn Observer>,
    began: Instant,
    faults: Vec<Fault>,
    /// Why the last step was called for.
    code: &'static str,
}

/// Why a handler failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Reason {
    pub(crate) code: &'static str,
    /// It speaks against the version, and not against the host.
    counts: bool,
}

impl From<&GuestEnd> for Reason {
    fn from(end: &GuestEnd) -> Self {
        Self { code: end.code(), counts: !matches!(end, GuestEnd::HostPanicked(_)) }
    }
}

impl From<&StartError> for Reason {
    fn from(error: &StartError) -> Self {
        Self { code: error.code(), counts: !matches!(error, StartError::Full(_)) }
    }
}

/// An instance on its way.
pub(crate) type Starting<P> = Pin<Box<dyn Future<Output = Result<P, StartError>> + Send>>;

impl Care {
    pub(crate) fn new(place: Place, tenant: String, observer: Arc<dyn Observer>) -> Self {
        let policy = Policy::new(place.faults());
        Self { place, placer: None, policy, tenant, observer, began: now(), faults: Vec::new(), code: "" }
    }

    /// Gives its guests what places calls for them.
    pub(crate) fn set_placer(&mut self, placer: Option<Arc<dyn CallPlacer>>) {
        self.placer = placer;
    }

    /// Its place, on the version that serves.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// What the handlers of this call may use of the processor.
    pub(crate) fn share(&self) -> CpuShare {
        self.place.share()
    }

    /// What failed so far, and what was done about it.
    pub(crate) fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// Makes an instance for a call.
    pub(crate) fn prepare(&self) -> Starting<Prepared> {
        let (plugin, setup) = (self.place.plugin().clone(), self.setup());
        Box::pin(async move { plugin.prepare(setup).await })
    }

    /// Makes an instance for a chat.
    pub(crate) fn prepare_chat(&self) -> Starting<PreparedChat> {
        let (plugin, setup) = (self.place.plugin().clone(), self.setup());
        Box::pin(async move { plugin.prepare_chat(setup).await })
    }

    fn setup(&self) -> GuestSetup {
        GuestSetup { placer: self.placer.clone(), ..self.place.setup() }
    }

    /// A handler ended as it should.
    pub(crate) fn went_well(&self) {
        self.place.note_end(false);
    }

    /// A handler failed: what is done about it.
    pub(crate) fn failed(&mut self, id: &str, reason: Reason, voice: Option<Voice>) -> Relief {
        self.note(reason);
        let relief = self.policy.next(&self.scene(voice, true));
        self.take(id, relief)
    }

    /// A handler failed before there is a voice: whether another is to be started at once. If not, nothing is decided yet.
    pub(crate) fn failed_early(&mut self, id: &str, reason: Reason) -> Option<Relief> {
        let relief = self.policy.next_start(&self.scene(None, true));
        if relief.is_some() {
            self.note(reason);
        }
        relief.map(|relief| self.take(id, relief))
    }

    /// What was done did not help, or was not the last word.
    pub(crate) fn go_on(&mut self, id: &str, voice: Option<Voice>) -> Relief {
        let relief = self.policy.next(&self.scene(voice, false));
        self.take(id, relief)
    }

    /// The host wants the call to end, and its handler did not go: what is done for the caller.
    pub(crate) fn leave(&mut self, id: &str, voice: Option<Voice>) -> Relief {
        self.code = DRAINED;
        self.go_on(id, voice)
    }

    fn scene(&self, voice: Option<Voice>, starts: bool) -> Scene {
        Scene { voice, has_previous: self.place.has_earlier(), starts }
    }

    /// Counts a fault against its version.
    fn note(&mut self, reason: Reason) {
        self.code = reason.code;
        if reason.counts && self.place.note_end(true) {
            self.place.withdraw(&self.tenant, &*self.observer);
        }
    }

    /// Does what can be done here, and tells of all.
    fn take(&mut self, id: &str, relief: Relief) -> Relief {
        let version = self.place.plugin().version().to_string();
        if relief == Relief::Previous {
            self.place.go_back(&self.tenant, &*self.observer);
        }
        let (code, then) = (self.code, relief.as_str());
        if relief != Relief::Close {
            tracing::info!(code, then, version = self.place.plugin().version(), "the fault policy acts");
        }
        let (tenant, plugin) = (self.tenant.as_str(), self.place.name());
        self.observer.handler_failed(&HandlerFault { tenant, plugin, version: &version, id, code, then });
        self.faults.push(Fault { at: since(self.began), version, code, then });
        relief
    }
}

/// The reason of what is done for a call that outlived a drain.
const DRAINED: &str = "DRAINED";
