//! Why the server did not give a session. What it says passes unchanged; what is known has a name.

use thiserror::Error;

use crate::codes::SESSION_ALREADY_EXISTS;

/// Why a claim (`session.open`) was not granted. Row `SM-5`.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ClaimFailure {
    /// Another session manager has it: of several clients one wins.
    #[error("another session manager has the session")]
    Busy {
        /// Whose it is: that socket's `smWsId`, when the server says so.
        bound_sm_ws_id: Option<String>,
    },
    /// It is over.
    #[error("the session is closed")]
    Closed,
    /// There is no such session.
    #[error("there is no such session")]
    NotFound,
    /// Another code of the server, or ours: [`TIMEOUT`](crate::codes::TIMEOUT), [`LINK_LOST`](crate::codes::LINK_LOST),
    /// [`BAD_RESPONSE`](crate::codes::BAD_RESPONSE), [`UNKNOWN`](crate::codes::UNKNOWN).
    #[error("the claim failed: {0}")]
    Other(String),
}

impl ClaimFailure {
    pub(super) fn from_code(code: String, bound_sm_ws_id: Option<String>) -> Self {
        match code.as_str() {
            "SESSION_BUSY" => Self::Busy { bound_sm_ws_id },
            "SESSION_CLOSED" => Self::Closed,
            "SESSION_NOT_FOUND" => Self::NotFound,
            _ => Self::Other(code),
        }
    }

    /// The code, as the server has it.
    pub fn code(&self) -> &str {
        match self {
            Self::Busy { .. } => "SESSION_BUSY",
            Self::Closed => "SESSION_CLOSED",
            Self::NotFound => "SESSION_NOT_FOUND",
            Self::Other(code) => code,
        }
    }
}

/// Why a session was not created (`session.create`). Row `SM-7`.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CreateFailure {
    /// `created` was false: there is one with this address already. It may be another host's, and is left alone.
    #[error("a session with this address is open already")]
    AlreadyExists {
        /// That session.
        session_id: String,
    },
    /// The connector has all the sessions that it may have.
    #[error("the connector's quota of sessions is used up")]
    QuotaExceeded,
    /// The connector has no such channel.
    #[error("the channel is not configured for this connector")]
    ChannelNotConfigured,
    /// The server has more to do than it takes.
    #[error("the server takes no more outbound sessions at the moment")]
    OutboundOverflow,
    /// Another code of the server, or ours, as of [`ClaimFailure::Other`]. After [`TIMEOUT`](crate::codes::TIMEOUT) and
    /// [`LINK_LOST`](crate::codes::LINK_LOST) nobody knows whether the session came to be.
    #[error("the session was not created: {0}")]
    Other(String),
}

impl CreateFailure {
    pub(super) fn from_code(code: String) -> Self {
        match code.as_str() {
            "QUOTA_EXCEEDED" => Self::QuotaExceeded,
            "CHANNEL_NOT_CONFIGURED" => Self::ChannelNotConfigured,
            "OUTBOUND_OVERFLOW" => Self::OutboundOverflow,
            _ => Self::Other(code),
        }
    }

    /// The code, as the server has it; [`SESSION_ALREADY_EXISTS`] is the public SDK's word for `created` false.
    pub fn code(&self) -> &str {
        match self {
            Self::AlreadyExists { .. } => SESSION_ALREADY_EXISTS,
            Self::QuotaExceeded => "QUOTA_EXCEEDED",
            Self::ChannelNotConfigured => "CHANNEL_NOT_CONFIGURED",
            Self::OutboundOverflow => "OUTBOUND_OVERFLOW",
            Self::Other(code) => code,
        }
    }
}
