//! Calls that end before they have a voice.

use call::{EndReason, code};
use carriers::telcoflow::VoiceError;
use telcoflow::frame::manager::CloseReason;

use crate::call_task::ToCall;
use crate::outbound::{CALL_UNANSWERED, SESSION_CLOSED};

/// How such a call ended.
#[derive(Clone, Debug)]
pub(crate) struct Early {
    pub(crate) end: EndReason,
    /// What a placed call failed with.
    pub(crate) code: Option<&'static str>,
    /// Why, when something went wrong.
    pub(crate) trouble: Option<String>,
    /// What became of its dial.
    pub(crate) voice: Option<VoiceError>,
}

impl Early {
    pub(crate) fn new(end: EndReason, trouble: impl Into<String>) -> Self {
        Self { trouble: Some(trouble.into()), ..Self::quiet(end) }
    }

    pub(crate) fn quiet(end: EndReason) -> Self {
        Self { end, code: None, trouble: None, voice: None }
    }

    pub(crate) fn coded(self, code: &'static str) -> Self {
        Self { code: Some(code), ..self }
    }

    /// There is no voice to be had.
    pub(crate) fn unreachable(error: VoiceError) -> Self {
        Self { voice: Some(error.clone()), ..Self::new(EndReason::VoiceUnreachable, error.to_string()) }
    }

    /// What a word does to a call that has no voice yet.
    pub(crate) fn of(mail: &ToCall) -> Self {
        match mail {
            ToCall::SessionClosed(CloseReason::CallTerminated) => {
                Self::quiet(EndReason::SessionClosed).coded(CALL_UNANSWERED)
            }
            ToCall::SessionClosed(_) => Self::quiet(EndReason::SessionClosed).coded(SESSION_CLOSED),
            ToCall::LinkLost => {
                let trouble = "the session manager was lost before the call had a voice";
                Self::new(EndReason::SessionClosed, trouble).coded(code::LINK_LOST)
            }
            ToCall::Leave | ToCall::Cut => Self::quiet(EndReason::Drained),
            ToCall::Elsewhere => Self::quiet(EndReason::HandedOver),
            // Those who wait for a voice take these themselves.
            ToCall::CallIn(_) | ToCall::Disconnect | ToCall::Give(_) | ToCall::TakenByOthers => {
                Self::new(EndReason::SessionClosed, "a word came out of order")
            }
        }
    }
}
