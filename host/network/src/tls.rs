//! Whom the host trusts out there.

use std::fmt;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;

/// Whose certificates are trusted.
#[derive(Clone, Debug, Default)]
pub enum Trust {
    /// Those that the platform trusts (`SSL_CERT_FILE` replaces them).
    #[default]
    Platform,
    /// Those that these have signed, and no others.
    Roots(Vec<CertificateDer<'static>>),
}

/// TLS cannot be set up.
#[derive(Clone, Debug, thiserror::Error)]
#[error("TLS cannot be set up: {0}")]
pub struct TrustError(#[from] rustls::Error);

/// A CA of the operator's own, for the private hosts of a plugin.
#[derive(Clone)]
pub struct PrivateCa {
    tls: Arc<ClientConfig>,
    pem: Arc<[u8]>,
}

/// A text that holds no certificate of a CA.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PrivateCaError {
    /// It is no PEM.
    #[error("it is not PEM")]
    Pem,
    /// There is none in it.
    #[error("it holds no certificate")]
    Empty,
    /// One of them cannot be a CA's.
    #[error("{0}")]
    Refused(#[from] TrustError),
}

impl PrivateCa {
    /// From one certificate or several, in PEM.
    ///
    /// # Errors
    /// [`PrivateCaError`].
    pub fn from_pem(pem: &[u8]) -> Result<Self, PrivateCaError> {
        let roots: Vec<_> =
            CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|_| PrivateCaError::Pem)?;
        if roots.is_empty() {
            return Err(PrivateCaError::Empty);
        }
        Ok(Self { tls: config(Trust::Roots(roots))?, pem: pem.into() })
    }

    pub(crate) fn tls(&self) -> &Arc<ClientConfig> {
        &self.tls
    }
}

/// By what they were made from.
impl PartialEq for PrivateCa {
    fn eq(&self, other: &Self) -> bool {
        self.pem == other.pem
    }
}

impl Eq for PrivateCa {}

impl fmt::Debug for PrivateCa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateCa")
    }
}

/// HTTP/1.1 is what both interfaces speak.
pub(crate) fn config(trust: Trust) -> Result<Arc<ClientConfig>, TrustError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let builder = match trust {
        Trust::Platform => builder.with_platform_verifier()?,
        Trust::Roots(roots) => {
            let mut store = RootCertStore::empty();
            for root in roots {
                store.add(root)?;
            }
            builder.with_root_certificates(store)
        }
    };
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
