//! Why no call was placed.

use call::{Failure, code};

/// Why no call was placed, and none will be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceRefused {
    /// The host takes no new calls.
    #[error("the host is draining: it places no new calls")]
    Draining,
    /// There is no tenant of that name.
    #[error("there is no such tenant")]
    UnknownTenant,
    /// The tenant has no connector of that name.
    #[error("the tenant has no such connector")]
    UnknownConnector,
    /// The tenant has no plugin of that name.
    #[error("the tenant has no such plugin")]
    UnknownPlugin,
    /// The plugin has no handler for such.
    #[error("the plugin does not handle such: a call needs a call handler, a chat a message handler")]
    Unfit,
    /// No plugin was named, and the tenant has not exactly one.
    #[error("name the plugin that handles the call: the tenant has not exactly one")]
    PluginNeeded,
    /// The number has other characters than a number or an address has, or too many.
    #[error("that cannot be called: letters, digits and + * # @ . : - _, at most 64")]
    BadAddress,
    /// The plugin has no version that can be used.
    #[error("the plugin has no version that can be used: see the log, or push one")]
    NoVersion,
    /// The plugin has all the calls that it may have.
    #[error("the plugin has all the calls that it may have")]
    NoPlace,
    /// The tenant has all that its quota allows at the moment.
    #[error("the tenant has all that its quota allows at the moment")]
    Quota,
    /// The tenant has placed what its quota allows in a second.
    #[error("the tenant has placed as many as its quota allows (`quota.places_per_s_max`): try again in a second")]
    TooFast,
    /// The guest, the tenant or the connector has as many outbound calls under way as it may have.
    #[error("too many outbound calls are under way")]
    TooMany,
    /// No session manager of the tenant is up at the moment.
    #[error("the carrier is not reachable at the moment")]
    LinkDown,
    /// The carrier gave no session, or the host could not take it.
    #[error(transparent)]
    Carrier(Failure),
}

impl PlaceRefused {
    /// A word for programs: the carrier's own, or ours.
    pub fn code(&self) -> &str {
        match self {
            Self::Draining | Self::NoVersion => code::NOT_NOW,
            Self::UnknownTenant | Self::UnknownConnector | Self::UnknownPlugin => code::INVALID,
            Self::PluginNeeded | Self::BadAddress | Self::Unfit => code::INVALID,
            Self::NoPlace | Self::Quota | Self::TooFast | Self::TooMany => code::FULL,
            Self::LinkDown => code::LINK_LOST,
            Self::Carrier(failure) => &failure.code,
        }
    }
}

impl From<PlaceRefused> for Failure {
    fn from(refused: PlaceRefused) -> Self {
        match refused {
            PlaceRefused::Carrier(failure) => failure,
            other => Failure::new(other.code().to_owned(), other.to_string()),
        }
    }
}
