//! What clients said when they asked for an upgrade: kept for whoever compares clients.

use std::collections::VecDeque;

use http::Request;

use crate::limits::UPGRADES_KEPT_MAX;
use crate::tls::Peer;
use crate::transcript::Plane;

/// Headers whose values are secret.
const SECRET: &[&str] = &["authorization", "x-api-key"];

/// One upgrade that a client asked for, granted or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upgrade {
    /// The socket that it asked for.
    pub plane: Plane,
    /// Whether it came over TLS.
    pub tls: bool,
    /// SHA-256 of the client's certificate, in lower-case hexadecimal; `None` when it showed none.
    pub certificate_sha256: Option<String>,
    /// Names in lower case and values, sorted. Of a secret value only the scheme is kept.
    pub headers: Vec<(String, String)>,
}

impl Upgrade {
    pub(super) fn of(plane: Plane, peer: &Peer, request: &Request<()>) -> Self {
        let mut headers: Vec<_> = request
            .headers()
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes());
                let shown = match SECRET.contains(&name.as_str()) {
                    true => {
                        value.split_once(' ').map_or("<hidden>".to_owned(), |(scheme, _)| format!("{scheme} <hidden>"))
                    }
                    false => value.into_owned(),
                };
                (name.as_str().to_owned(), shown)
            })
            .collect();
        headers.sort();
        Self { plane, tls: peer.tls, certificate_sha256: peer.certificate_sha256.clone(), headers }
    }

    /// Whether this header was there.
    pub fn has_header(&self, name: &str) -> bool {
        self.headers.iter().any(|(known, _)| known == name)
    }
}

/// The last of them.
#[derive(Debug, Default)]
pub(super) struct Upgrades(VecDeque<Upgrade>);

impl Upgrades {
    pub(super) fn note(&mut self, upgrade: Upgrade) {
        if self.0.len() == UPGRADES_KEPT_MAX {
            self.0.pop_front();
        }
        self.0.push_back(upgrade);
    }

    pub(super) fn list(&self) -> Vec<Upgrade> {
        self.0.iter().cloned().collect()
    }
}
