//! Why a call did not move.

use carriers::telcoflow::VoiceError;

use crate::handle::CallRefused;

/// Why a call is not given. It stays where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GiveRefused {
    /// It cannot be told.
    #[error(transparent)]
    Call(#[from] CallRefused),
    /// The carrier has not said yet where its voice is.
    #[error("the call is being claimed: try again when it is held")]
    NotYet,
    /// Nobody said that it should wait.
    #[error("the call is not held: only calls of a route with `hold_s` can be given")]
    NotHeld,
    /// Its time is up, or somebody ends it.
    #[error("the call is not held any longer: it is handled here")]
    Handled,
    /// Its voice socket is open.
    #[error("the call has its voice here: it cannot move any more")]
    Talks,
    /// It went already.
    #[error("the call was given already: if the answer was lost, ask with `again=true`")]
    Given,
    /// It never went from here, or its session is over.
    #[error("no call with this id was given from here, or it is over: without `again` one that is held is given")]
    NotGiven,
}

/// Why a call is not taken. The call is as it was, unless the carrier says that it is gone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TakeRefused {
    /// The host takes no new calls.
    #[error("the host is draining: it takes no calls")]
    Draining,
    /// There is no tenant of that name.
    #[error("there is no such tenant")]
    UnknownTenant,
    /// The tenant has no connector of that name.
    #[error("the tenant has no such connector")]
    UnknownConnector,
    /// The tenant has no plugin of that name that could be loaded and handles calls.
    #[error("the tenant has no such plugin for calls")]
    UnknownPlugin,
    /// No plugin was named, and no route fits.
    #[error("no route of the tenant fits this call: name a plugin")]
    NoRoute,
    /// It lives here.
    #[error("the call is here already")]
    Here,
    /// This host gave it away for somebody else.
    #[error("the call is another tenant's")]
    OtherTenant,
    /// This host gave it away for another account.
    #[error("the call came by another connector of the tenant")]
    OtherConnector,
    /// The plugin has all the calls that it may have.
    #[error("the plugin has all the calls that it may have")]
    NoPlace,
    /// The connector has as many to take as it can remember.
    #[error("too many calls are being taken: try again")]
    TooMany,
    /// The handler could not be started; the voice socket was not dialled.
    #[error("the handler did not start: {0}")]
    Handler(String),
    /// The voice socket could not be opened: the call is gone, another has it, or its address is of no use here.
    #[error(transparent)]
    Voice(VoiceError),
    /// The host stopped, or was told to leave its calls.
    #[error("the host stopped before the call had its voice")]
    Stopped,
}
