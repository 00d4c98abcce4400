//! Why there is no TLS with a server, in words that say what to do.
//!
//! Names in a server's certificate are shown, because they tell what was dialled; nothing of ours is.

use std::io;
use std::time::{Duration, SystemTime};

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error, InvalidMessage};

use crate::limits::{CERTIFICATE_NAME_CHARS_MAX, CERTIFICATE_NAMES_SHOWN_MAX};

/// No TLS with a server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no TLS with {address}: {fault}")]
pub struct TlsFailure {
    /// Host and port.
    pub address: String,
    /// Why.
    pub fault: TlsFault,
}

/// Why a handshake failed: what is wrong, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsFault {
    /// The server's certificate is too old.
    #[error("its certificate expired{}: whoever runs it must renew it, unless this machine's clock is wrong", on(.not_after))]
    Expired {
        /// When.
        not_after: Option<SystemTime>,
    },
    /// The server's certificate is too new.
    #[error("its certificate is not valid yet{}: is this machine's clock right?", before(.not_before))]
    NotYetValid {
        /// Until when.
        not_before: Option<SystemTime>,
    },
    /// The server's certificate is that of another host.
    #[error("its certificate is not for this host{}: correct the host, or have its name put into the certificate", of(.names))]
    WrongHost {
        /// For whom it is, the first few.
        names: Vec<String>,
    },
    /// Nobody who is trusted vouches for the server.
    #[error("its certificate is of an issuer that is not trusted: {}", trusting(.private_ca))]
    UntrustedIssuer {
        /// Whether `ca_path` says who is trusted.
        private_ca: bool,
    },
    /// Something else about the server's certificate.
    #[error("its certificate cannot be used ({0}): whoever runs it must replace it")]
    Certificate(String),
    /// The server answered something else than TLS.
    #[error("it answers, but not in TLS: correct the port, or use `ws` if nothing secret crosses the network")]
    Plaintext,
    /// The server takes nobody without a certificate.
    #[error("it demands a client certificate and got none: configure `cert_path` and `key_path`")]
    CertificateDemanded,
    /// The server does not take ours.
    #[error(
        "it refuses the client certificate ({0}): check `cert_path` and `key_path`, and whether the server knows their CA"
    )]
    CertificateRefused(&'static str),
    /// The server found nothing to agree on.
    #[error("it breaks off ({0}): it may speak an old version of TLS only, or demand a client certificate")]
    NoAgreement(String),
    /// Anything else.
    #[error("the handshake failed ({0})")]
    Other(String),
}

impl TlsFailure {
    /// What an error of a TLS stream means. `None`: the network broke, which says nothing of TLS.
    pub(crate) fn of(address: &str, error: &io::Error, private_ca: bool) -> Option<Self> {
        let error = error.get_ref()?.downcast_ref::<Error>()?;
        Some(Self { address: address.to_owned(), fault: fault(error, private_ca) })
    }

    /// Whether only another client certificate would help.
    pub fn blames_credentials(&self) -> bool {
        matches!(self.fault, TlsFault::CertificateDemanded | TlsFault::CertificateRefused(_))
    }
}

fn fault(error: &Error, private_ca: bool) -> TlsFault {
    match error {
        Error::InvalidCertificate(error) => certificate_fault(error, private_ca),
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => TlsFault::Plaintext,
        Error::AlertReceived(alert) => alert_fault(*alert),
        Error::PeerIncompatible(why) => TlsFault::NoAgreement(format!("{why:?}")),
        other => TlsFault::Other(other.to_string()),
    }
}

fn certificate_fault(error: &CertificateError, private_ca: bool) -> TlsFault {
    match error {
        CertificateError::Expired => TlsFault::Expired { not_after: None },
        CertificateError::ExpiredContext { not_after, .. } => TlsFault::Expired { not_after: Some(time(*not_after)) },
        CertificateError::NotValidYet => TlsFault::NotYetValid { not_before: None },
        CertificateError::NotValidYetContext { not_before, .. } => {
            TlsFault::NotYetValid { not_before: Some(time(*not_before)) }
        }
        CertificateError::NotValidForName => TlsFault::WrongHost { names: Vec::new() },
        CertificateError::NotValidForNameContext { presented, .. } => TlsFault::WrongHost {
            names: presented.iter().take(CERTIFICATE_NAMES_SHOWN_MAX).map(|name| shown(name)).collect(),
        },
        CertificateError::UnknownIssuer => TlsFault::UntrustedIssuer { private_ca },
        other => TlsFault::Certificate(format!("{other:?}").chars().take(CERTIFICATE_NAME_CHARS_MAX).collect()),
    }
}

fn alert_fault(alert: AlertDescription) -> TlsFault {
    match alert {
        AlertDescription::CertificateRequired => TlsFault::CertificateDemanded,
        AlertDescription::UnknownCA => TlsFault::CertificateRefused("it does not know its issuer"),
        AlertDescription::CertificateExpired => TlsFault::CertificateRefused("it is expired, or not valid yet"),
        AlertDescription::CertificateRevoked => TlsFault::CertificateRefused("it is revoked"),
        AlertDescription::AccessDenied => TlsFault::CertificateRefused("access is denied"),
        AlertDescription::BadCertificate
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnsupportedCertificate => TlsFault::CertificateRefused("it does not say why"),
        AlertDescription::HandshakeFailure
        | AlertDescription::ProtocolVersion
        | AlertDescription::InsufficientSecurity => TlsFault::NoAgreement(format!("{alert:?}")),
        other => TlsFault::Other(format!("the server says {other:?}")),
    }
}

/// A name of a certificate, which the library gives as `DnsName("example.com")`.
fn shown(name: &str) -> String {
    let bare = name.split('"').nth(1).unwrap_or(name);
    bare.chars().filter(|c| !c.is_control()).take(CERTIFICATE_NAME_CHARS_MAX).collect()
}

/// Certificates end with the year 9999, and so do the dates that can be shown.
fn time(at: UnixTime) -> SystemTime {
    const LAST_S: u64 = 253_402_300_799;
    SystemTime::UNIX_EPOCH + Duration::from_secs(at.as_secs().min(LAST_S))
}

fn on(at: &Option<SystemTime>) -> String {
    at.map_or_else(String::new, |at| format!(" on {}", httpdate::fmt_http_date(at)))
}

fn before(at: &Option<SystemTime>) -> String {
    at.map_or_else(String::new, |at| format!(" before {}", httpdate::fmt_http_date(at)))
}

fn of(names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!(", but for {}", names.join(", ")) }
}

fn trusting(private_ca: &bool) -> &'static str {
    if *private_ca {
        "put its CA into the file of `ca_path`, which is trusted instead of the platform's"
    } else {
        "name its CA in `ca_path`, or add it to the platform's certificates"
    }
}
