//! Why a command failed, in the words that standard error shows: what, where, and what to do.

use std::io;
use std::process::ExitCode;

use crate::client::ClientError;
use crate::config::Problems;
use crate::demo::record::RecordError;
use crate::logs::LogError;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The configuration has problems: all of them.
    #[error("{0}")]
    Config(#[from] Problems),
    /// Scenarios have problems: all of them, a line each.
    #[error("{0}")]
    Scenarios(String),
    /// The log cannot start.
    #[error("{0}")]
    Log(#[from] LogError),
    /// Standard output takes nothing.
    #[error("the result cannot be written to standard output: {0}: redirect it to where there is room")]
    Output(#[from] io::Error),
    /// A recording cannot be written.
    #[error("{0}")]
    Record(#[from] RecordError),
    /// A running host does not do what it was asked for.
    #[error("{0}")]
    Remote(ClientError),
    /// Anything else.
    #[error("{what}: {help}")]
    Other {
        /// What went wrong, and where.
        what: String,
        /// What to do.
        help: String,
    },
}

impl Failure {
    /// What went wrong and where, and what to do.
    pub fn new(what: impl Into<String>, help: impl Into<String>) -> Failure {
        Failure::Other { what: what.into(), help: help.into() }
    }

    /// 2 when the command was used wrongly, else 1.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Failure::Log(LogError::Filter(_)) => ExitCode::from(2),
            Failure::Config(_)
            | Failure::Scenarios(_)
            | Failure::Log(LogError::Started(_))
            | Failure::Output(_)
            | Failure::Record(_)
            | Failure::Remote(_)
            | Failure::Other { .. } => ExitCode::FAILURE,
        }
    }
}
